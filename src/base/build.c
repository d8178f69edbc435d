/* The build-id out of the loaded object's notes, and the C library's version. */
#include "base/build.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

static char build_id[2 * 64 + 1] = "unknown";

static size_t padded(size_t bytes)
{
    return (bytes + 3) / 4 * 4;
}

static void take_build_id(const char *notes, size_t bytes)
{
    ElfW(Nhdr) note;
    for (size_t at = 0; at + sizeof note <= bytes;) {
        memcpy(&note, notes + at, sizeof note);
        const char *name = notes + at + sizeof note;
        const unsigned char *id = (const unsigned char *)name + padded(note.n_namesz);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
            for (size_t i = 0; i < note.n_descsz && 2 * i + 2 < sizeof build_id; i++)
                snprintf(build_id + 2 * i, 3, "%02x", id[i]);
            return;
        }
        at += sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    }
}

/* The loaded object that holds this very function: the shared library, or the program it was linked into. */
static int look_at(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size, (void)unused;
    uintptr_t here = (uintptr_t)&take_build_id;
    bool is_ours = false;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + part->p_vaddr;
        is_ours = is_ours || (part->p_type == PT_LOAD && here >= begin && here < begin + part->p_memsz);
    }
    for (int i = 0; is_ours && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_NOTE)
            take_build_id((const char *)(object->dlpi_addr + part->p_vaddr), part->p_memsz);
    }
    return is_ours;
}

static void find_build_id(void)
{
    dl_iterate_phdr(look_at, NULL);
}

const char *lws_build_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_build_id);
    return build_id;
}

const char *lws_build_libc(void)
{
    static char text[32] = "another libc";
#if defined(__GLIBC__)
    snprintf(text, sizeof text, "glibc %s", gnu_get_libc_version());
#endif
    return text;
}
