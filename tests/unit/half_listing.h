/* A disk that fails while a folder is listed: readdir() of the test program, in place of the C library's. */
#ifndef LWS_HALF_LISTING_H
#define LWS_HALF_LISTING_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>

/* Of a folder's entries so many are given before the disk fails; -1: all. */
static int given = -1;

struct dirent *readdir(DIR *dir)
{
    static struct dirent *(*next)(DIR *);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "readdir");
    if (given == 0) {
        errno = EIO;
        return NULL;
    }
    given -= given > 0;
    return next(dir);
}

#endif
