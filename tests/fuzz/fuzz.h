/* What the fuzz targets share. Each defines LLVMFuzzerTestOneInput, which libFuzzer calls with inputs of its own making
 * and replay.c with those of the corpus; a finding is a crash, a sanitizer's report, or a FUZZ_CHECK that fails. */
#ifndef LWS_FUZZ_H
#define LWS_FUZZ_H

#include "lsan.h"

#include <lwssim/status.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUZZ_UNUSED __attribute__((unused))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input. */
#define FUZZ_CHECK(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\nlatest message: %s\n", __FILE__, __LINE__, #condition,          \
                    lws_message());                                                                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A failure says why, and is one of those that a file can be the reason of. */
FUZZ_UNUSED static void fuzz_failed_well(lws_status status)
{
    FUZZ_CHECK(status == LWS_ERR_FORMAT || status == LWS_ERR_MISMATCH || status == LWS_ERR_USAGE ||
               status == LWS_ERR_IO || status == LWS_ERR_MEMORY);
    FUZZ_CHECK(lws_message()[0]);
}

/* ---- an input as a sequence of decisions ------------------------------------------------------- */

typedef struct fuzz_input {
    const uint8_t *at, *end; /* beyond the end there are zeros */
} fuzz_input;

FUZZ_UNUSED static uint8_t fuzz_byte(fuzz_input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

FUZZ_UNUSED static uint64_t fuzz_number(fuzz_input *in, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)fuzz_byte(in) << (8 * i);
    return v;
}

/* At most `most` bytes, as many as a byte of the input says, to `to` with a zero behind; returns their number. */
FUZZ_UNUSED static size_t fuzz_bytes(fuzz_input *in, size_t most, char *to)
{
    size_t n = fuzz_byte(in), left = (size_t)(in->end - in->at);
    n = n < most ? n : most;
    n = n < left ? n : left;
    memcpy(to, in->at, n);
    to[n] = 0;
    in->at += n;
    return n;
}

/* ---- files ------------------------------------------------------------------------------------- */

/* A file in memory with this content, as path[32]; the caller closes the descriptor. */
FUZZ_UNUSED static int fuzz_memory_file(const void *data, size_t size, char path[32])
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        perror("memfd_create");
        exit(1);
    }
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static char fuzz_folder_path[256];

FUZZ_UNUSED static void fuzz_folder_remove(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", fuzz_folder_path);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", fuzz_folder_path);
}

/* A folder of this process for files that need a name; it goes at exit. */
FUZZ_UNUSED static const char *fuzz_folder(void)
{
    const char *base = getenv("TMPDIR");
    if (fuzz_folder_path[0])
        return fuzz_folder_path;
    snprintf(fuzz_folder_path, sizeof fuzz_folder_path, "%s/lwssim-fuzz-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(fuzz_folder_path)) {
        perror(fuzz_folder_path);
        exit(1);
    }
    atexit(fuzz_folder_remove);
    return fuzz_folder_path;
}

FUZZ_UNUSED static void fuzz_write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        perror(path);
        exit(1);
    }
    close(fd);
}

/* The bytes of a small file, for as long as the program runs. */
FUZZ_UNUSED static uint8_t *fuzz_read(const char *path, size_t *size)
{
    enum { MOST = 1 << 20 };
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = malloc(MOST);
    FUZZ_CHECK(in && bytes);
    *size = fread(bytes, 1, MOST, in);
    fclose(in);
    return bytes;
}

#endif
