"""Pictures as the program writes them, read with nothing but Python's own modules."""
import struct
import zlib


def read(path):
    """Width, height, channels, and the rows: bytes, grey or RGB. Checksums and all must be right."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    assert depth == 8 and colour in (0, 2)
    channels = 1 if colour == 0 else 3
    return width, height, channels, list(rows(width, height, channels, zlib.decompress(packed)))


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
