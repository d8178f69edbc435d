/* What this program is and what it runs on, as far as results may depend on it. */
#ifndef LWSSIM_BUILD_H
#define LWSSIM_BUILD_H

/* The linker's digest of the library's code (the GNU build-id) in hexadecimal digits: equal for equal builds. "unknown"
 * where the linker wrote none. Static memory; any thread, any rank. */
const char *lws_build_id(void);

/* The C library whose exp and log serve: "glibc 2.36". Static memory. */
const char *lws_build_libc(void);

#endif
