/* The one thing of EXIF data that concerns pixels: how the camera was held. */
#include "decoder.h"

#include <stdbool.h>
#include <string.h>

typedef struct tiff {
    const uint8_t *data;
    size_t bytes;
    bool is_big; /* the highest byte first */
} tiff;

/* The number in the n bytes at `at`; 0 beyond the end. */
static size_t number(const tiff *t, size_t at, int n)
{
    size_t v = 0;
    if (at > t->bytes || t->bytes - at < (size_t)n)
        return 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | t->data[at + (size_t)(t->is_big ? i : n - 1 - i)];
    return v;
}

int lws_exif_orientation(const uint8_t *data, size_t bytes)
{
    enum { TAG = 0x0112, ENTRY = 12, BYTE = 1, SHORT = 3, LONG = 4 };
    tiff t = {data, bytes, bytes > 0 && data[0] == 'M'};
    if (bytes < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
        return 1;
    size_t at = number(&t, 4, 4), entries = number(&t, at, 2);
    for (at += 2; entries > 0 && at < bytes; entries--, at += ENTRY) {
        size_t type = number(&t, at + 2, 2), size = type == BYTE ? 1 : type == SHORT ? 2 : type == LONG ? 4 : 0;
        if (number(&t, at, 2) != TAG || !size || number(&t, at + 4, 4) != 1)
            continue;
        size_t value = number(&t, at + 8, (int)size);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
