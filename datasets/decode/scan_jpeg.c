#include "scan.h"

#include <stdbool.h>
#include <string.h>

static const char truncated[] = "truncated JPEG";

enum { SOF0 = 0xC0, SOF2 = 0xC2, DHT = 0xC4, JPG = 0xC8, DAC = 0xCC, SOF15 = 0xCF, EOI = 0xD9, SOS = 0xDA };

static bool is_frame(int marker)
{
    return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
}

static const char *check_frame(int marker, const uint8_t *segment, size_t bytes)
{
    if (bytes < 8)
        return "damaged JPEG (frame header)";
    if (marker > SOF2)
        return "a JPEG of an unsupported kind (lossless, hierarchical or arithmetic coding)";
    if (segment[2] != 8)
        return "a JPEG with other than 8 bits a channel";
    if (segment[7] == 4)
        return "CMYK colours: convert it to RGB first";
    return NULL;
}

/* The first byte of a marker (0xFF) at or after `p` in entropy-coded data, past stuffed zeros and
 * restarts. */
static const uint8_t *skip_scan(const uint8_t *p, const uint8_t *end)
{
    while ((p = memchr(p, 0xFF, (size_t)(end - p))) && end - p >= 2) {
        if (p[1] != 0 && p[1] != 0xFF && (p[1] < 0xD0 || p[1] > 0xD7))
            return p;
        p += p[1] == 0xFF ? 1 : 2;
    }
    return NULL;
}

const char *lws_scan_jpeg(const uint8_t *data, size_t bytes)
{
    const uint8_t *p = data + 2, *end = data + bytes;
    bool have_frame = false, have_scan = false;
    if (bytes < 4)
        return truncated;
    for (;;) {
        while (end - p >= 2 && p[0] == 0xFF && p[1] == 0xFF)
            p++; /* fill bytes */
        if (end - p < 2)
            return truncated;
        if (p[0] != 0xFF)
            return "damaged JPEG (no marker where one must stand)";
        int marker = p[1];
        if (marker == EOI)
            return have_scan ? NULL : "a JPEG without an image";
        if (end - p < 4)
            return truncated;
        size_t length = (size_t)p[2] << 8 | p[3];
        if (length < 2)
            return "damaged JPEG (segment length)";
        if ((size_t)(end - p) < length + 2)
            return truncated;
        const char *reason = is_frame(marker) ? check_frame(marker, p + 2, length) : NULL;
        if (reason)
            return reason;
        have_frame = have_frame || is_frame(marker);
        p += length + 2;
        if (marker == SOS) {
            if (!have_frame)
                return "damaged JPEG (a scan before the frame)";
            have_scan = true;
            p = skip_scan(p, end);
            if (!p)
                return truncated;
        }
    }
}
