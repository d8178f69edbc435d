#!/usr/bin/env python3
"""What the event files of a run say, read by the format alone: a line a value, without times.

usage: events.py RUN [--files]

Files are read in the order of their names; where one starts at a step, what was said of it and of later ones is dropped.
Checks the framing, both checksums of each record, and that pictures are whole PNGs. A line is STEP TAG VALUE: a scalar as
it is, of a picture its size and CRC-32, of a histogram min, max, count, sum, squares and the pairs limit:count.
--files prints of each file its name, how many records it has, and where it starts.
"""
import glob
import os
import struct
import sys
import zlib


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff


def records(path):
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        length, crc = struct.unpack_from("<QI", data, at)
        assert crc == masked(data[at:at + 8]), f"{path}: checksum of a length at {at}"
        message = data[at + 12:at + 12 + length]
        assert len(message) == length, f"{path}: a record at {at} is cut off"
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked(message), f"{path}: checksum at {at}"
        yield message
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """{number: value}, the last of each."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            assert kind == 2, f"wire type {kind}"
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
        found[key >> 3] = value
    return found


def picture(value):
    image = fields(value)
    png, chunks, at = image[4], b"", 8
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8:at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", body)
            channels = {0: 1, 2: 3}[body[9]]
        chunks += body if kind == b"IDAT" else b""
        at += 12 + length
    assert kind == b"IEND" and (height, width, channels) == (image[1], image[2], image[3])
    assert len(zlib.decompress(chunks)) == height * (1 + width * channels)
    return f"{width}x{height}x{channels} {zlib.crc32(png):08x}"


def histogram(value):
    h = fields(value)
    limits, counts = (struct.unpack(f"<{len(h[k]) // 8}d", h[k]) for k in (6, 7))
    assert len(limits) == len(counts) and list(limits) == sorted(set(limits))
    assert sum(counts) == h[3] and counts[0] == 0
    assert limits[0] <= h[1] < limits[1] and limits[-2] <= h[2] < limits[-1]
    return " ".join([repr(h[k]) for k in (1, 2, 3, 4, 5)] + [f"{a!r}:{b:.0f}" for a, b in zip(limits, counts)])


def main():
    run, show_files = sys.argv[1], sys.argv[2:] == ["--files"]
    lines = []
    for path in sorted(glob.glob(os.path.join(run, "*tfevents*"))):
        events = [fields(message) for message in records(path)]
        assert events[0][3] == b"brain.Event:2" and events[1][7] == b"\x08\x01", path
        start = events[1].get(2, 0)
        if show_files:
            print(os.path.basename(path), len(events), start)
        lines = [line for line in lines if line[0] < start]
        for event in events[2:]:
            v = fields(fields(event[5])[1])
            text = repr(v[2]) if 2 in v else picture(v[4]) if 4 in v else histogram(v[5])
            lines.append((event.get(2, 0), v[1].decode(), text))
    if not show_files:
        for step, tag, text in lines:
            print(step, tag, text)


main()
