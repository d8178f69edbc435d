"""Image files of every format and feature, for comparisons with Pillow: made by Pillow where it can, else by hand.

cases() gives (format, feature, file name, bytes, wanted): wanted is PILLOW where the pixels must be those of Pillow, a
function of Pillow's image where it must be asked otherwise, or a part of the reason for which the file is left out.
"""
import io
import struct
import zlib

import numpy as np
from PIL import Image

PILLOW = "Pillow"
SIDE = 32  # the shorter side of every image


def ramp(width, height, channels, seed=0):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    noise = np.random.default_rng(seed).integers(0, 24, (height, width, channels))
    return ((x * 5 + y * 3 + c * 40 + x * y // 7 + noise) % 256).astype(np.uint8)


PHOTO = Image.fromarray(ramp(48, SIDE, 3))
TALL = Image.fromarray(ramp(SIDE, 45, 3, 1))
CLEAR = Image.fromarray(ramp(48, SIDE, 4, 2), "RGBA")
GREY = PHOTO.convert("L")
INKS = Image.fromarray(ramp(48, SIDE, 4, 3), "CMYK")


def file_of(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def turned(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


# ---- PNG -------------------------------------------------------------------------------------------

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(values, depth):
    """[height, width × channels] values of `depth` bits, each row behind a filter byte of 0."""
    rows = b""
    for row in values:
        if depth == 16:
            rows += b"\0" + row.astype(">u2").tobytes()
        elif depth == 8:
            rows += b"\0" + row.astype(np.uint8).tobytes()
        else:
            bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            rows += b"\0" + np.packbits(bits.astype(np.uint8).ravel()).tobytes()
    return rows


def png(values, depth, colour, extra=(), interlaced=False, rows=None, flip=0):
    """A PNG of values [height, width, channels]."""
    height, width = values.shape[:2]
    if rows is None and interlaced:
        rows = b""
        for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
            part = values[y::dy, x::dx]
            rows += packed_rows(part.reshape(part.shape[0], -1), depth)
    elif rows is None:
        rows = packed_rows(values.reshape(height, -1), depth)
    data = bytearray(zlib.compress(rows))
    data[-1] ^= flip
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*e) for e in extra) +
            chunk(b"IDAT", bytes(data)) + chunk(b"IEND", b""))


def upper_half(image):
    """Of grey in 16 bits the upper 8, as Pillow takes them of colours; Pillow cuts grey off at 255."""
    return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)).convert("RGB")


def black_from(count):
    """Indices past a palette are black, as libpng and newer versions of Pillow give them; older ones gave greys."""
    def see(image):
        pixels = np.array(image.convert("RGB"))
        pixels[np.asarray(image) >= count] = 0
        return Image.fromarray(pixels)
    return see


def png_cases():
    kinds = {0: ("grey", 1, (1, 2, 4, 8, 16)), 2: ("RGB", 3, (8, 16)), 3: ("palette", 1, (1, 2, 4, 8)),
             4: ("grey with alpha", 2, (8, 16)), 6: ("RGB with alpha", 4, (8, 16))}
    palette = (b"PLTE", ramp(256, 1, 3).tobytes())
    for colour, (name, channels, depths) in kinds.items():
        for depth in depths:
            values = np.random.default_rng(depth).integers(0, 2**depth, (SIDE, 37, channels))
            extra = [(b"PLTE", palette[1][:3 * 2**depth])] if colour == 3 else []
            wanted = upper_half if (colour, depth) == (0, 16) else PILLOW
            for interlaced in (False, True):
                yield (f"{name}, {depth} bits{', interlaced' if interlaced else ''}",
                       png(values, depth, colour, extra, interlaced), wanted)
    values = np.random.default_rng(1).integers(0, 8, (SIDE, 40, 1))
    short = (b"PLTE", bytes([255, 0, 0, 0, 255, 0]))
    yield "palette, indices past its end", png(values, 8, 3, [short]), black_from(2)
    yield "palette, transparent entries", png(values, 8, 3, [palette, (b"tRNS", bytes([0, 128, 255, 3]))]), PILLOW
    yield "grey, a transparent value", png(values, 8, 0, [(b"tRNS", b"\0\3")]), PILLOW
    colours = np.random.default_rng(2).integers(0, 2, (SIDE, 40, 3)) * 200
    yield "RGB, a transparent colour", png(colours, 8, 2, [(b"tRNS", struct.pack(">3H", 200, 0, 200))]), PILLOW
    for number in range(1, 9):
        yield f"turned, {number}", file_of(PHOTO, "PNG", exif=turned(number)), PILLOW
    yield "filters, as Pillow chooses", file_of(Image.fromarray(ramp(70, SIDE, 3)), "PNG", optimize=True), PILLOW
    yield "wrong Adler-32", png(values, 8, 0, flip=1), "damaged PNG"
    yield "bytes behind the pixels", png(values, 8, 0, rows=packed_rows(values[:, :, 0], 8) + bytes(500)), PILLOW
    yield "inflates to 128 MB", png(values, 8, 0, rows=bytes(128 << 20)), "more pixel data"
    yield "rows missing", png(values, 8, 0, rows=packed_rows(values[:-1, :, 0], 8)), "damaged PNG"
    yield "cut", file_of(PHOTO, "PNG")[:-300], "truncated PNG"
    yield "animated", file_of(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(180)]), "an animated PNG"


# ---- JPEG ------------------------------------------------------------------------------------------

def segment(data, marker):
    at = 2
    while data[at + 1] != marker:
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    return at


def jpeg_cases():
    for name, sampling in (("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)):
        for progressive in (False, True):
            yield (f"{name}{', progressive' if progressive else ''}",
                   file_of(PHOTO, "JPEG", subsampling=sampling, quality=70, progressive=progressive), PILLOW)
    yield "grey", file_of(GREY, "JPEG"), PILLOW
    yield "CMYK", file_of(INKS, "JPEG", quality=90), PILLOW
    yield "CMYK, progressive", file_of(INKS, "JPEG", progressive=True), PILLOW
    plain = file_of(PHOTO, "JPEG", quality=90)
    inks = file_of(INKS, "JPEG")
    adobe = segment(inks, 0xEE)
    yield "YCCK", inks[:adobe + 15] + b"\2" + inks[adobe + 16:], PILLOW
    for number in range(1, 9):
        yield f"turned, {number}", file_of(PHOTO, "JPEG", exif=turned(number)), PILLOW
        yield f"turned, {number}, tall, progressive", file_of(TALL, "JPEG", exif=turned(number), progressive=True), PILLOW
    tables = segment(plain, 0xDB)
    yield "stray bytes between segments", plain[:tables] + b"\0\1\2" + plain[tables:], PILLOW
    scan = segment(plain, 0xDA)
    last = scan + struct.unpack(">H", plain[scan + 2:scan + 4])[0]
    yield "scan header 0, 0", plain[:last] + b"\0" + plain[last + 1:], PILLOW
    yield "bytes behind the end", plain + b"rubbish", PILLOW
    yield "cut", plain[:len(plain) // 2], "truncated JPEG"
    many = file_of(PHOTO, "JPEG", progressive=True)
    begin = many.rindex(b"\xff\xda")
    yield "1,000 scans", many[:begin] + many[begin:-2] * 1000 + many[-2:], "more than 100 scans"


# ---- GIF -------------------------------------------------------------------------------------------

def gif_cases():
    few = PHOTO.quantize(64)
    yield "plain", file_of(few, "GIF"), PILLOW
    yield "not interlaced", file_of(few, "GIF", interlace=0), PILLOW
    yield "2 colours", file_of(PHOTO.convert("1"), "GIF"), PILLOW
    yield "grey", file_of(GREY, "GIF"), PILLOW
    yield "transparent", file_of(few, "GIF", transparency=5), PILLOW
    plain = file_of(few, "GIF")
    yield "no trailer", plain[:-1], PILLOW
    for transparent in (None, 3):
        small = bytearray(file_of(PHOTO.crop((0, 0, 20, 20)).quantize(16), "GIF",
                                  **({} if transparent is None else {"transparency": transparent})))
        small[6:10] = struct.pack("<HH", 40, SIDE)
        small[11] = 3
        yield f"smaller than its screen{', transparent' if transparent else ''}", bytes(small), PILLOW
        at = small.index(b",\0\0\0\0\x14\0\x14\0")
        small[at + 1:at + 5] = struct.pack("<HH", 9, 7)
        yield f"inside of its screen{', transparent' if transparent else ''}", bytes(small), PILLOW
    head = b"GIF89a" + struct.pack("<HHBBB", SIDE, SIDE, 0x80, 0, 0) + bytes([200, 100, 50, 0, 0, 0])
    yield "without pixel data", head + b",\0\0\0\0" + struct.pack("<HHB", SIDE, SIDE, 0) + b"\2\0;", "damaged GIF"
    yield "cut", plain[:-100], "truncated GIF"
    yield "animated", file_of(few, "GIF", save_all=True, append_images=[PHOTO.rotate(180).quantize(64)]), "an animated GIF"


# ---- BMP -------------------------------------------------------------------------------------------

def bmp(values, bits, rows, palette=b"", coding=0, masks=b"", top_down=False, offset=None, header=40, colours=0):
    height, width = values.shape[:2]
    size = 14 + header + len(masks) + len(palette)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, coding, len(rows),
                           2835, 2835, colours, 0)
        if header > 40:
            info += masks + bytes(header - 40 - len(masks))
            size, masks = size - len(masks), b""
    return b"BM" + struct.pack("<IHHI", size + len(rows), 0, 0, size if offset is None else offset) + info + masks + \
        palette + rows


def padded(rows):
    return b"".join(row + bytes(-len(row) % 4) for row in rows)


def run_lengths(values, four):
    out = b""
    for y, row in enumerate(values):
        x = 0
        while x < len(row):
            n = int(min(len(row) - x, 6 + 2 * (y % 5)))
            if (x // 6 + y) % 2 or n < 4:
                out += bytes([n, row[x] << 4 | row[x + 1 if n > 1 else x] if four else row[x]])
            else:
                n -= n % 4
                part = row[x:x + n]
                out += bytes([0, n]) + (bytes(part[::2] << 4 | part[1::2]) if four else bytes(part))
            x += n
        out += b"\0\0"
    return out + b"\0\1"


def jumped(image):
    """The picture of jumps, of which Pillow reads two bytes too many."""
    palette = np.array(image.getpalette()).reshape(-1, 3).astype(np.uint8)
    index = np.zeros((SIDE, 41), np.uint8)
    index[:, :6] = 5
    index[:, 11:] = (np.arange(SIDE) % 16)[::-1, None]
    return Image.fromarray(palette[index])


def bmp_cases():
    for name, image in (("RGB", PHOTO), ("RGB with alpha", CLEAR), ("grey", GREY), ("1 bit", GREY.convert("1")),
                        ("palette", PHOTO.quantize(256))):
        yield name, file_of(image, "BMP"), PILLOW
    index = np.random.default_rng(3).integers(0, 16, (SIDE, 41)).astype(np.uint8)
    table = Image.fromarray(ramp(16, 1, 3)).convert("RGBA").tobytes("raw", "BGRA")
    for bits in (1, 4, 8):
        low = index % 2**bits
        rows = padded([row[1:] for row in (packed_rows(low[y:y + 1], bits) for y in range(SIDE))])
        for top_down in (False, True):
            yield (f"palette, {bits} bits{', top down' if top_down else ''}",
                   bmp(low, bits, rows, table[:4 * min(16, 2**bits)], colours=min(16, 2**bits), top_down=top_down), PILLOW)
        if bits < 8:
            old = b"".join(table[4 * i:4 * i + 3] for i in range(2**bits))
            yield f"OS/2, {bits} bits", bmp(low, bits, rows, old, header=12), PILLOW
    yield "palette shorter than its indices", bmp(index, 8, padded(map(bytes, index)), table[:8], colours=2), black_from(2)
    yield "no data offset", bmp(index, 8, padded(map(bytes, index)), table, colours=16, offset=0), PILLOW
    for name, four in (("RLE8", False), ("RLE4", True)):
        yield name, bmp(index, 4 if four else 8, run_lengths(index, four), table, 2 if four else 1, colours=16), PILLOW
    jump = b"".join(b"\6\5\0\2\5\0" + bytes([30, y % 16]) + b"\0\0" for y in range(SIDE)) + b"\0\1"
    yield "RLE8, jumps", bmp(index, 8, jump, table, 1, colours=16), jumped
    yield "RLE8, ends early", bmp(index, 8, run_lengths(index[:5], False), table, 1, colours=16), "truncated BMP"
    wide = np.random.default_rng(4).integers(0, 65536, (SIDE, 33)).astype("<u2")
    yield "16 bits", bmp(wide, 16, padded(map(bytes, wide))), PILLOW
    for name, masks in (("5-6-5", (0xf800, 0x7e0, 0x1f)), ("5-5-5", (0x7c00, 0x3e0, 0x1f))):
        yield f"16 bits, {name}", bmp(wide, 16, padded(map(bytes, wide)), b"", 3, struct.pack("<3I", *masks)), PILLOW
    pixels = ramp(35, SIDE, 4, 9)
    for name, masks in (("BGRX", (0xff0000, 0xff00, 0xff, 0)), ("XBGR", (0xff000000, 0xff0000, 0xff00, 0)),
                        ("ABGR", (0xff000000, 0xff0000, 0xff00, 0xff)), ("RGBA", (0xff, 0xff00, 0xff0000, 0xff000000)),
                        ("BGRA", (0xff0000, 0xff00, 0xff, 0xff000000))):
        yield f"32 bits, {name}", bmp(pixels, 32, pixels.tobytes(), b"", 3, struct.pack("<4I", *masks), header=108), PILLOW
    yield "32 bits, other masks", bmp(pixels, 32, pixels.tobytes(), b"", 3, struct.pack("<3I", 1, 2, 4)), "unusual order"
    yield "cut", file_of(PHOTO, "BMP")[:-40], "truncated BMP"


# ---- TGA and PNM -----------------------------------------------------------------------------------

def tga(kind, depth, size, pixels, flags=0, first=0, table=b"", map_depth=0):
    return struct.pack("<BBBHHBHHHHBB", 0, bool(table), kind, first, len(table) // max(1, map_depth // 8), map_depth, 0, 0,
                       size[0], size[1], depth, flags) + table + pixels


def tga_cases():
    for name, image in (("RGB", PHOTO), ("RGB with alpha", CLEAR), ("grey", GREY), ("grey with alpha", CLEAR.convert("LA")),
                        ("palette", PHOTO.quantize(200))):
        yield name, file_of(image, "TGA"), PILLOW
        yield f"{name}, packed", file_of(image, "TGA", compression="tga_rle"), PILLOW
    rgb = ramp(36, SIDE, 3, 5)
    for flags, name in ((0, "from the left below"), (0x10, "from the right below"), (0x20, "from the left above"),
                        (0x30, "from the right above")):
        yield name, tga(2, 24, (36, SIDE), rgb.tobytes(), flags), PILLOW
    wide = np.random.default_rng(5).integers(0, 65536, (SIDE, 33)).astype("<u2")
    yield "16 bits", tga(2, 16, (33, SIDE), wide.tobytes()), PILLOW
    index = np.random.default_rng(6).integers(0, 20, (SIDE, 34)).astype(np.uint8)
    for depth in (16, 24):
        for first in (0, 7):
            table = ramp(20, 1, depth // 8, 6).tobytes()
            yield f"map of {depth} bits{' that begins at 7' if first else ''}", \
                tga(1, 8, (34, SIDE), (index + first).tobytes(), 0, first, table, depth), PILLOW
    yield "cut", file_of(PHOTO, "TGA")[:-80], "truncated TGA"


def pnm_cases():
    rgb, grey = ramp(37, SIDE, 3, 7), ramp(37, SIDE, 1, 8)[:, :, 0]
    bits = (grey > 100).astype(np.uint8)
    digits = b" ".join(b"%d" % v for v in rgb.ravel())
    yield "P1", b"P1\n37 32\n" + b"\n".join(b"".join(b"%d" % v for v in row) for row in bits), PILLOW
    yield "P1, a comment", b"P1\n37 32\n# note\n" + b" ".join(b"%d" % v for v in bits.ravel()) + b"\n", PILLOW
    yield "P4", b"P4\n37 32\n" + np.packbits(bits, axis=1).tobytes(), PILLOW
    yield "P5", b"P5\n37 32\n255\n" + grey.tobytes(), PILLOW
    yield "P6", b"P6\n37 32\n255\n" + rgb.tobytes(), PILLOW
    for most in (1, 7, 100, 200, 254):
        yield f"P5, to {most}", b"P5\n37 32\n%d\n" % most + (grey % (most + 1)).tobytes(), PILLOW
        yield f"P6, to {most}", b"P6\n37 32\n%d\n" % most + (rgb % (most + 1)).tobytes(), PILLOW
        yield f"P2, to {most}", b"P2\n37 32\n%d\n" % most + b"\n".join(b"%d" % (v % (most + 1)) for v in grey.ravel()), PILLOW
    yield "P3", b"P3\n37 32\n255\n" + digits, PILLOW
    deep = np.random.default_rng(7).integers(0, 65536, (SIDE, 37, 3))
    yield "P6, 16 bits", b"P6\n37 32\n65535\n" + deep.astype(">u2").tobytes(), PILLOW
    yield "P6, to 1000", b"P6\n37 32\n1000\n" + (deep % 1001).astype(">u2").tobytes(), PILLOW
    yield "P3, 16 bits", b"P3\n37 32\n65535\n" + b" ".join(b"%d" % v for v in deep.ravel()) + b"\n", PILLOW
    yield "P5, values beyond the most", b"P5\n37 32\n100\n" + grey.tobytes(), PILLOW
    yield "P3, values beyond the most", b"P3\n37 32\n100\n" + digits, "a value that cannot be"
    yield "P3, cut", b"P3\n37 32\n255\n" + digits[:-100], "truncated PNM"
    yield "P6, cut", b"P6\n37 32\n255\n" + rgb.tobytes()[:-1], "truncated PNM"


# ---- WebP, TIFF and what is not read ---------------------------------------------------------------

def webp_cases():
    for name, image in (("RGB", PHOTO), ("RGB with alpha", CLEAR)):
        for lossless in (False, True):
            yield f"{name}{', lossless' if lossless else ''}", file_of(image, "WEBP", lossless=lossless), PILLOW
    yield "low quality", file_of(TALL, "WEBP", quality=10), PILLOW
    for number in range(1, 9):
        yield f"turned, {number}", file_of(PHOTO, "WEBP", exif=turned(number)), PILLOW
    yield "cut", file_of(PHOTO, "WEBP")[:-50], "truncated WebP"
    yield "animated", file_of(PHOTO, "WEBP", save_all=True, append_images=[PHOTO.rotate(180)]), "an animated WebP"


def tiff_cases():
    for name, image in (("RGB", PHOTO), ("RGB with alpha", CLEAR), ("grey", GREY), ("grey with alpha", CLEAR.convert("LA")),
                        ("1 bit", GREY.convert("1")), ("palette", PHOTO.quantize(200)), ("CMYK", INKS)):
        for coding in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            yield f"{name}, {coding}", file_of(image, "TIFF", compression=coding), PILLOW
    yield "1 bit, fax", file_of(GREY.convert("1"), "TIFF", compression="group4"), PILLOW
    for number in range(1, 9):
        yield f"turned, {number}", file_of(PHOTO, "TIFF", tiffinfo={0x0112: number}), PILLOW
    yield "RGB, JPEG", file_of(PHOTO, "TIFF", compression="jpeg"), PILLOW
    yield "grey, JPEG", file_of(GREY, "TIFF", compression="jpeg"), PILLOW
    deep = Image.fromarray(np.random.default_rng(8).integers(0, 65536, (SIDE, 37)).astype(np.uint16))
    yield "grey, 16 bits", file_of(deep, "TIFF"), upper_half
    yield "cut", file_of(PHOTO, "TIFF", compression="tiff_lzw")[:-900], "damaged TIFF"
    yield "floating point", file_of(Image.fromarray(np.zeros((SIDE, SIDE), np.float32)), "TIFF"), "unsupported kind"


def foreign_cases():
    yield "HEIC", b"\0\0\0\x18ftypheic" + bytes(100), "a HEIC image"
    yield "AVIF", b"\0\0\0\x1cftypavif" + bytes(100), "an AVIF image"
    yield "JPEG XL", b"\xff\x0a" + bytes(100), "a JPEG XL image"


# ---- all -------------------------------------------------------------------------------------------

def cases():
    for name, ending, make in (("PNG", "png", png_cases), ("JPEG", "jpg", jpeg_cases), ("GIF", "gif", gif_cases),
                               ("BMP", "bmp", bmp_cases), ("TGA", "tga", tga_cases), ("PNM", "ppm", pnm_cases), ("WebP", "webp", webp_cases), ("TIFF", "tif", tiff_cases), ("other", "jpg", foreign_cases)):
        for number, (feature, data, wanted) in enumerate(make()):
            yield name, feature, f"{name.lower()}-{number:03}.{ending}", data, wanted
