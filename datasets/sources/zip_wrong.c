/* Files that are given for a zip and are none, known by their first bytes. */
#include "zip_wrong.h"

#include "base/files.h"
#include "datasets/decode/image.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

enum { FIRST = 512 };

static const struct {
    size_t at;
    const char *bytes;
    const char *wrong;
} beginnings[] = {
    {0, "PK\3\4", "its end is missing or damaged, as where a download broke off: fetch it again"},
    {0, "PK\7\10", "it is one part of several: join them, or unpack them and give the folder"},
    {0, "PK00PK", "it is one part of several: join them, or unpack them and give the folder"},
    {0, "<!doctype html", "it is a web page: the link led to no file, or to a question before the download"},
    {0, "<html", "it is a web page: the link led to no file, or to a question before the download"},
    {0, "7z\xbc\xaf", "it is a 7z archive: unpack it, and give the folder"},
    {0, "Rar!", "it is a RAR archive: unpack it, and give the folder"},
    {0, "\x1f\x8b", "it is a gzip, as of a tar: unpack it, and give the folder"},
    {0, "BZh", "it is a bzip2, as of a tar: unpack it, and give the folder"},
    {0,
     "\xfd"
     "7zXZ",
     "it is an xz, as of a tar: unpack it, and give the folder"},
    {257, "ustar", "it is a tar archive: unpack it, and give the folder"},
    {0, "\x89HDF", "it is an HDF5 file; images are in a folder or a zip"},
};

const char *lws_zip_wrong(const char *path)
{
    lws_bytes bytes = {0};
    const char *wrong = NULL;
    if (lws_file_peek(AT_FDCWD, path, FIRST, &bytes) == LWS_OK) {
        const char *text = (const char *)bytes.data;
        size_t left = bytes.size;
        if (left == 0)
            wrong = "it is empty";
        else if (lws_image_begins(bytes.data, left))
            wrong = "it is one image; images are in a folder or a zip";
        for (; left > 0 && strchr(" \t\r\n\xef\xbb\xbf", *text) && *text; text++) /* before a page may be blanks */
            left--;
        for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings && !wrong; i++) {
            size_t n = strlen(beginnings[i].bytes), at = beginnings[i].at;
            if (left >= at + n && strncasecmp(text + at, beginnings[i].bytes, n) == 0)
                wrong = beginnings[i].wrong;
        }
    }
    lws_bytes_free(&bytes);
    return wrong;
}
