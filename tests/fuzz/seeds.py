#!/usr/bin/python3
"""Writes the first inputs of the corpus: small pictures of every format, texts, zips, and changes to HDF5 files.

Run in this folder with numpy and Pillow installed. What it writes is checked in, beside inputs that fuzzing has found;
nothing in it shows anything but ramps.
"""
import io
import os
import zipfile

import numpy as np
from PIL import Image


def save(target, name, data):
    os.makedirs(f"corpus/{target}", exist_ok=True)
    with open(f"corpus/{target}/{name}", "wb") as out:
        out.write(data)


def ramp(width, height, channels):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return np.clip(x * 23 + y * 11 + c * 60 + (x * y) % 5, 0, 255).astype(np.uint8)


def file_of(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def images():
    rgb = Image.fromarray(ramp(11, 9, 3))
    wide = Image.fromarray(ramp(34, 19, 3))
    grey, rgba = rgb.convert("L"), Image.fromarray(ramp(5, 4, 4), "RGBA")
    palette = rgb.quantize(6)
    part = bytes([1, 0x32, 0x55, 0x90])  # RGB; a part; how to resize it
    for name, options in (("444", {"subsampling": 0}), ("422", {"subsampling": 1}), ("420", {"subsampling": 2}),
                          ("progressive", {"progressive": True})):
        save("image", f"jpeg-{name}", part + file_of(wide, "JPEG", optimize=True, quality=40, **options))
    save("image", "jpeg-grey", bytes([0, 0x11, 0x77, 3]) + file_of(grey, "JPEG", optimize=True, quality=40))
    save("image", "jpeg-cmyk", part + file_of(rgb.convert("CMYK"), "JPEG", optimize=True, quality=20))
    for name, image in (("rgb", rgb), ("rgba", rgba), ("grey", grey), ("grey-alpha", grey.convert("LA")),
                        ("palette", palette), ("bits", grey.convert("1"))):
        save("image", f"png-{name}", part + file_of(image, "PNG"))
    save("image", "png-transparent", part + file_of(palette, "PNG", transparency=2))
    save("image", "png-16", part + file_of(Image.fromarray(ramp(4, 4, 1)[:, :, 0].astype(np.uint16) * 257), "PNG"))
    save("image", "gif", part + file_of(palette, "GIF"))
    save("image", "gif-transparent", part + file_of(palette, "GIF", transparency=1))
    save("image", "gif-two", part + file_of(palette, "GIF", save_all=True, append_images=[rgb.rotate(180).quantize(4)]))
    for name, image in (("rgb", rgb), ("palette", palette), ("grey", grey), ("bits", grey.convert("1"))):
        save("image", f"bmp-{name}", part + file_of(image, "BMP"))
    tga = bytes([1 | 4, 0x32, 0x55, 0x91])
    for name, image, how in (("rgb", rgb, None), ("rle", rgb, "tga_rle"), ("rgba", rgba, None), ("grey", grey, None),
                             ("palette", palette, None)):
        save("image", f"tga-{name}", tga + file_of(image, "TGA", compression=how))
    save("image", "pgm", b"\0\0\xff\1" + b"P5 # note\n3 2\n255\n" + bytes(range(6)))
    save("image", "ppm", b"\2\0\xff\1" + b"P6\n2 2\n255\n" + bytes(range(12)))
    save("image", "ppm-16", part + b"P6\n1 1\n65535\n" + bytes(6))


def texts():
    all_types = ("# note\n[a]\nf = true\nw = -7\n r\t=\t2.5e-3\nc = xy\ni = 3,7,11\nl = .5, 1\ne = 10min\nt = a = b#c\n")
    save("config", "all-types", b"\0" + all_types.encode())
    save("config", "intervals", b"\0e = 1e15h\ne=0\ne=3 epochs\ne = .5 min\n")
    save("config", "train", b"\1[model]\nmodel = mmd-ae\nwindows = 3,5\nwindow-weights = 1,2\ncheckpoint-every = 300s\n")
    save("config", "prepare", b"\2size = 32\nfilter = area\ncrop = 20x30\nsplit = 0.5,0.5,0\ngrey = true\n")
    save("config", "unknown", b"\1lerning-rate = 1\n")
    save("config", "file", b"\3\xef\xbb\xbff = true\r\nw = 3\r\n")
    save("config", "utf-16", b"\3\xff\xfef\0")
    save("partition", "plain", b"a 0\nb 1\nc.jpg 2\n")
    save("partition", "blanks", b" a\t0 \r\n\n  c d  2\nmissing one 1\nb 0\nb 0")
    save("partition", "contradicts", b"a 0\nb 1\na 2\n")
    save("partition", "malformed", b"a 0\nb 3\n")
    save("partition", "bytes", b"\xef\xbb\xbf\xc3\xa9 1\n")


def zips():
    picture = b"P5\n2 2\n255\nabcd"
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as z:
            for file in ("b.pgm", "a/c.pgm", "a/.h.pgm", "__MACOSX/x.pgm", "n.txt"):
                z.writestr(zipfile.ZipInfo(file), picture * (1 if file != "b.pgm" else 3), method)
        data = out.getvalue()
        save("archive", name, data)
    save("archive", "damaged", data.replace(b"abcd", b"abce"))
    save("archive", "cut", data[:-9])
    save("archive", "empty", b"PK\5\6" + bytes(18))


def number(obj, attribute, kind, special, scalar=0):
    return bytes([0, obj, attribute, kind, scalar, special])


def text(obj, attribute, value, how=9):
    return bytes([2, obj, attribute, len(value)]) + value + bytes([how, 0, 0])


def changes():
    save("shard", "sound", b"\0")
    save("shard", "counts", b"\1" + number(3, 4, 3, 3) + number(3, 5, 5, 6))
    save("shard", "text", b"\0" + text(3, 6, b"train:3,valid:0,test:1") + text(3, 8, b"other", 0))
    save("shard", "any-length", b"\1" + text(3, 1, b"train") + text(3, 8, b"r"))
    save("shard", "wide", b"\1" + bytes([3, 0, 4, 6, 1, 1, 4, 1, 0]))
    save("shard", "names", b"\1" + bytes([3, 2, 200 + 9 - 200 % 11 + 200 % 11, 3]))
    save("shard", "linked", b"\1" + bytes([4, 0, 1, 0]) + bytes([4, 2, 1, 1]))
    save("checkpoint", "sound", b"\0")
    save("checkpoint", "step", b"\1" + number(5, 10, 3, 5))
    save("checkpoint", "best", b"\1" + number(5, 12, 8, 6) + number(5, 11, 3, 5))
    save("checkpoint", "shape", b"\1" + bytes([3, 0, 2, 2, 3, 0, 0]) + text(0, 13, b"0" * 32, 0))
    save("checkpoint", "config", b"\1" + text(5, 2, b"model = vae\nlr = 1\n"))
    save("checkpoint", "ring", b"\1" + bytes([4, 8, 6, 2]) + bytes([5, 4]) + b"more")
    save("h5_bytes", "sound", b"\2")
    save("h5_bytes", "header", b"\0\x10\0\4\xff\xff\xff\xff")
    save("h5_bytes", "object", b"\2\x40\0\2\0\1\x80\1\1\7")
    save("h5_bytes", "signature", b"\1\x89HDF\r\n\x1a\n\2\x08\x08\0")


images()
texts()
zips()
changes()
