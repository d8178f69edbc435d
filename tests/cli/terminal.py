#!/usr/bin/env python3
"""Runs a program on a terminal of its own, and looks at what stands there.

usage: terminal.py [--raw] WIDTH[,WIDTH…] PROGRAM [ARGUMENT…]

The terminal has these widths in turn, each for a second, the last one to the end; 0: it does not say. Prints each line
that a status was overwritten in, as it stood there before. Fails where a line is as long as the terminal is wide at that
time (it would wrap, or nearly), where something is left of the line before, and on any control but those known here. The
program may end with 0 or 75. --raw prints what came, and fails only with the program.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time


def set_width(fd, width):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if width else 0, width, 0, 0))


def watch(widths, command):
    """Pieces of output, each with the width that the terminal had when it was written, at the widest."""
    master, slave = pty.openpty()
    set_width(slave, widths[0])
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.execvp(command[0], command)
    os.close(slave)
    pieces, begin, now, before = [], time.monotonic(), widths[0], widths[0]
    while True:
        due = widths[min(int(time.monotonic() - begin), len(widths) - 1)]
        if due != now:
            set_width(master, due)
            before, now = now, due
        ready, _, _ = select.select([master], [], [], .05)
        if not ready:
            before = now
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        pieces.append((max(before, now), data))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, 75):
        sys.exit(f"exit code {code}")
    return pieces


def look(pieces):
    row, column, statuses = [], 0, []
    for width, data in pieces:
        width = width or int(os.environ.get("COLUMNS", 80))
        for token in re.findall(r"\x1b\[K|[\s\S]", data.decode()):
            if token == "\r":
                column = 0
            elif token == "\x1b[K":
                if row and column == 0:
                    statuses.append("".join(row))
                row = row[:column]
            elif token == "\n":
                row, column = [], 0
            elif token < " " or token == "\x7f":
                sys.exit(f"a control character {token!r}")
            else:
                row[column:column + 1] = [token]
                column += 1
                is_status = re.match(r"(step )?\d+/\d+ ", "".join(row[:40]))
                if is_status and column >= width:
                    sys.exit(f"{column} columns of {width}: {''.join(row)}")
                if is_status and len(row) > column and statuses:
                    sys.exit(f"something is left: {''.join(row)}")
    return statuses


def main():
    arguments = sys.argv[1:]
    raw = arguments[0] == "--raw"
    widths, *command = arguments[raw:]
    pieces = watch([int(width) for width in widths.split(",")], command)
    if raw:
        sys.stdout.buffer.write(b"".join(data for _, data in pieces))
        return
    for status in look(pieces):
        print(status)


main()
