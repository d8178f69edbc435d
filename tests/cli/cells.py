"""cells.py PICTURE SIDE: the colours in the middles of the cells of a picture, SIDE pixels a side with two white ones
between them: a line for each row of the picture. With nothing but Python's own modules."""
import struct
import sys
import zlib


def read_png(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    assert depth == 8 and colour in (0, 2)
    return width, height, 1 if colour == 0 else 3, zlib.decompress(packed)


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def rows(width, height, channels, raw):
    stride, before = width * channels, bytes(width * channels)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - channels] if x >= channels else 0
            corner = before[x - channels] if x >= channels else 0
            guess = (0, left, before[x], (left + before[x]) // 2, paeth(left, before[x], corner))[kind]
            line[x] = (line[x] + guess) & 255
        before = bytes(line)
        yield before


path, side = sys.argv[1], int(sys.argv[2])
width, height, channels, raw = read_png(path)
lines = list(rows(width, height, channels, raw))
for y in range(2 + side // 2, height, side + 2):
    print(*(",".join(str(lines[y][x * channels + k]) for k in range(channels))
            for x in range(2 + side // 2, width, side + 2)))
