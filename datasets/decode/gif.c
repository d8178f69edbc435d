/* GIF by giflib, behind a walk over the blocks: a single frame, whole. A missing trailer is let pass, as by viewers. */
#include "decoder.h"

#include <gif_lib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char truncated[] = "truncated GIF";

/* ---- blocks ----------------------------------------------------------------------------------- */

/* Past the sub-blocks at `at`, each a length byte and so many bytes, up to and with the empty one; 0 when the data end
 * before. */
static size_t skip_blocks(const uint8_t *data, size_t bytes, size_t at)
{
    while (at < bytes) {
        size_t length = data[at];
        at += length + 1;
        if (length == 0)
            return at;
    }
    return 0;
}

static size_t colour_table(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static const char *scan(const uint8_t *data, size_t bytes)
{
    int frames = 0;
    if (bytes < 13)
        return truncated;
    size_t at = 13 + colour_table(data[10]);
    while (at < bytes && data[at] != 0x3B) { /* trailer */
        if (data[at] == 0x21) {              /* extension */
            at = skip_blocks(data, bytes, at + 2);
        } else if (data[at] == 0x2C) { /* image */
            if (++frames > 1)
                return "an animated GIF";
            if (bytes - at < 11)
                return truncated;
            at = skip_blocks(data, bytes, at + 11 + colour_table(data[at + 9]));
        } else if (frames) {
            at++; /* whatever stands there, no frame begins with it */
        } else {
            return "damaged GIF";
        }
        if (at == 0)
            return truncated;
    }
    return frames ? NULL : at < bytes ? "a GIF without an image" : truncated;
}

/* ---- the state of one decoding ---------------------------------------------------------------- */

typedef struct reader {
    const uint8_t *data;
    size_t bytes, at;
    GifFileType *gif;
    int transparent; /* index; -1: none */
    uint8_t palette[256][4];
    GifPixelType *line;
} reader;

static int take_bytes(GifFileType *gif, GifByteType *to, int count)
{
    reader *r = gif->UserData;
    size_t left = r->bytes - r->at, n = (size_t)count < left ? (size_t)count : left;
    memcpy(to, r->data + r->at, n);
    r->at += n;
    return (int)n;
}

static lws_status failure(int code)
{
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM)
        return lws_fail(LWS_ERR_MEMORY, "out of memory decoding an image");
    const char *text = GifErrorString(code);
    return lws_fail(LWS_ERR_FORMAT, "damaged GIF (%s)", text ? text : "no reason given");
}

/* ---- decoding --------------------------------------------------------------------------------- */

/* Up to the frame's header, by way of what says which index is transparent. */
static lws_status find_frame(reader *r)
{
    GifRecordType type = UNDEFINED_RECORD_TYPE;
    while (type != IMAGE_DESC_RECORD_TYPE) {
        if (DGifGetRecordType(r->gif, &type) == GIF_ERROR)
            return failure(r->gif->Error);
        if (type == TERMINATE_RECORD_TYPE)
            return lws_fail(LWS_ERR_FORMAT, "a GIF without an image");
        int code, done = GIF_OK;
        GifByteType *block = NULL;
        if (type == EXTENSION_RECORD_TYPE)
            done = DGifGetExtension(r->gif, &code, &block);
        if (block && code == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4)
            r->transparent = block[1] & 1 ? block[4] : -1;
        while (block && done == GIF_OK)
            done = DGifGetExtensionNext(r->gif, &block);
        if (done == GIF_ERROR)
            return failure(r->gif->Error);
    }
    return DGifGetImageDesc(r->gif) == GIF_ERROR ? failure(r->gif->Error) : LWS_OK;
}

/* The frame's colours or those of all, shades of grey where it has none; black beyond their end. */
static void make_palette(reader *r)
{
    const ColorMapObject *map = r->gif->Image.ColorMap ? r->gif->Image.ColorMap : r->gif->SColorMap;
    for (int i = 0; i < 256; i++) {
        if (!map)
            memset(r->palette[i], i, 3);
        else if (i < map->ColorCount)
            memcpy(r->palette[i], (uint8_t[]){map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue}, 3);
        r->palette[i][3] = i == r->transparent ? 0 : 0xFF;
    }
}

/* What the frame leaves free is transparent, or of index 0. */
static lws_status read_lines(reader *r, const lws_image *image)
{
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    const GifImageDesc *frame = &r->gif->Image;
    const uint8_t *free_space = r->palette[r->transparent >= 0 ? r->transparent : 0];
    r->line = malloc((size_t)frame->Width + 1);
    if (!r->line)
        return failure(D_GIF_ERR_NOT_ENOUGH_MEM);
    for (size_t i = 0; i < (size_t)image->width * (size_t)image->height; i++)
        memcpy(image->pixels + 4 * i, free_space, 4);
    for (int pass = 0; pass < (frame->Interlace ? 4 : 1); pass++) {
        for (int y = first[pass]; y < frame->Height; y += frame->Interlace ? step[pass] : 1) {
            if (DGifGetLine(r->gif, r->line, frame->Width) == GIF_ERROR)
                return failure(r->gif->Error);
            uint8_t *to = image->pixels + ((size_t)(frame->Top + y) * (size_t)image->width + (size_t)frame->Left) * 4;
            for (int x = 0; x < frame->Width; x++)
                memcpy(to + 4 * x, r->palette[r->line[x]], 4);
        }
    }
    return LWS_OK;
}

static lws_status read_frame(reader *r, const lws_decode_args *args, lws_image *image, lws_crop *crop)
{
    LWS_TRY(find_frame(r));
    const GifImageDesc *frame = &r->gif->Image;
    int right = frame->Left + frame->Width, bottom = frame->Top + frame->Height;
    int width = right > r->gif->SWidth ? right : r->gif->SWidth;
    int height = bottom > r->gif->SHeight ? bottom : r->gif->SHeight;
    if (frame->Width < 1 || frame->Height < 1)
        return lws_fail(LWS_ERR_FORMAT, "a GIF without an image");
    LWS_TRY(lws_decode_choose(args, width, height, crop));
    LWS_TRY(lws_decode_room(width, height, 4, image));
    make_palette(r);
    LWS_TRY(read_lines(r, image));
    if (r->transparent >= 0)
        lws_decode_compose(args, image);
    return LWS_OK;
}

static lws_status decode(const lws_decode_args *args, lws_image *out, lws_crop *crop)
{
    reader r = {.data = args->data, .bytes = args->bytes, .transparent = -1};
    lws_image image = {0};
    int code = 0;
    r.gif = DGifOpen(&r, take_bytes, &code);
    lws_status status = r.gif ? read_frame(&r, args, &image, crop) : failure(code);
    if (r.gif)
        DGifCloseFile(r.gif, &code);
    free(r.line);
    if (status == LWS_OK)
        *out = image;
    else
        free(image.pixels);
    return status;
}

const lws_decoder lws_decoder_gif = {
    .formats = "GIF",
    .extensions = {"gif"},
    .signatures = {"GIF87a", "GIF89a"},
    .scan = scan,
    .decode = decode,
};
