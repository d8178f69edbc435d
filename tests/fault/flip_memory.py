#!/usr/bin/env python3
"""Flips bits in the memory of a running process, as a bad memory module does.

flip_memory.py PID FILE first|some: stops the process, looks in its writable memory for runs of 64 bytes of FILE (a checkpoint's
arrays lie in it as they lie in memory), the first that stands there or some from all over the file, flips one bit in every
copy found, and lets the process go on. Prints how many bits were flipped. Exit code 77 where the memory may not be touched.
"""
import os
import re
import signal
import sys

RUN, SOME = 64, 16


def regions(pid):
    """The process's own writable memory: no files, no devices."""
    for line in open(f"/proc/{pid}/maps"):
        match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw.p \S+ \S+ 0\b", line)
        if match:
            yield int(match[1], 16), int(match[2], 16)


def main():
    pid, only_first = int(sys.argv[1]), sys.argv[3] == "first"
    data = open(sys.argv[2], "rb").read()
    runs = [data[at : at + RUN] for at in range(0, len(data) - RUN, RUN)]
    runs = [run for run in runs if len(set(run)) > RUN // 2]  # weights, no zeros or names
    runs = runs[:SOME] if only_first else runs[:: max(1, len(runs) // SOME)]
    os.kill(pid, signal.SIGSTOP)
    flipped = 0
    try:
        memory = open(f"/proc/{pid}/mem", "r+b", buffering=0)
        spaces = []
        for begin, end in regions(pid):
            try:
                memory.seek(begin)
                spaces.append((begin, memory.read(end - begin)))
            except OSError:
                continue
        for run in runs:
            places = []
            for begin, space in spaces:
                at = space.find(run)
                while at >= 0:
                    places.append(begin + at)
                    at = space.find(run, at + 1)
            for place in places:
                memory.seek(place + 6)
                memory.write(bytes([run[6] ^ 1]))
            flipped += len(places)
            if flipped and only_first:
                break
    except PermissionError:
        sys.exit(77)
    finally:
        os.kill(pid, signal.SIGCONT)
    print(flipped)


main()
