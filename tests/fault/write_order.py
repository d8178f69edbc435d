#!/usr/bin/python3
"""In which order files get to the disk: write_order.py

A crash of the machine keeps what was flushed, and of the rest anything or nothing. So a file that appears whole is
written under a temporary name, flushed, renamed, and then its folder is flushed, in this order; nothing that the new file
replaces goes before that. file_calls.so records what the program does; here it is held against these rules, for all
writers.

exit code: 0 all is in order, 1 something is not, 77 file_calls.so is not there
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import program
from program import build, check, lwssim, shim, tiny


def record(folder, *arguments, code=0, preload=""):
    """What the program does in the folder: [(call, path, more)], paths relative to it; "." is the folder itself."""
    log = f"{folder}.calls"
    if os.path.exists(log):
        os.remove(log)
    environment = dict(os.environ, LD_PRELOAD=f"{preload}{shim}", FILE_CALLS_UNDER=os.path.abspath(folder),
                       FILE_CALLS_LOG=log, BAD_PRODUCT_FIRST="400", OMPI_ALLOW_RUN_AS_ROOT="1",
                       OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMP_WAIT_POLICY="passive")
    done = subprocess.run([lwssim, *arguments], env=environment, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    check(done.returncode == code, f"{arguments}: exit code {done.returncode}: {done.stderr}")
    events = []
    with open(log) as lines:
        for line in lines:
            call, path, more = line.rstrip("\n").split(" ", 2)
            relative = os.path.relpath(path, folder)
            events.append((call, relative, os.path.relpath(more, folder) if call == "rename" else more))
    return events


def folder_of(path):
    return os.path.dirname(path) or "."


def at(events, call, path, start=0):
    """Where such a call is, from `start` on; or None."""
    return next((i for i in range(start, len(events)) if events[i][:2] == (call, path)), None)


def check_renames(what, events, deletes_may_come_first=False):
    """Each file that gets its name by being renamed; returns the targets in order."""
    targets = []
    for i, (call, path, target) in enumerate(events):
        if call != "rename":
            continue
        name = f"{what}: {target}"
        targets.append(target)
        names = [path]  # that the file had before, newest first
        for j in range(i - 1, -1, -1):
            if events[j][0] == "rename" and events[j][2] == names[-1]:
                names.append(events[j][1])
        written = [j for j, e in enumerate(events) if e[0] in ("write", "truncate") and e[1] in names]
        flushed = [j for j, e in enumerate(events) if e[0] in ("fsync", "fdatasync") and e[1] in names and j < i]
        check(re.fullmatch(r"\..*\.partial", os.path.basename(path)), f"{name} was written as {path}")
        check(os.path.dirname(path) == os.path.dirname(target), f"{name} comes from another folder")
        check(written and flushed, f"{name} was not written and flushed before it was renamed: {events[:i + 1]}")
        check(not flushed or max(written) < max(flushed), f"{name} was written to after it was flushed")
        folder = at(events, "fsync", folder_of(target), i)
        check(folder is not None, f"{name}: its folder was not flushed after the rename")
        if not deletes_may_come_first and folder is not None:
            check(all(e[0] != "unlink" for e in events[i:folder]), f"{name}: a file went before the folder was flushed")
        later = [e for e in events[i + 1:] if e[0] in ("write", "truncate") and e[1] == target]
        check(not later or target.endswith("metrics.jsonl"), f"{name} was written to under its name")
    return targets


def check_made(what, events, run_folder):
    """Folders that were made are in folders that were flushed afterwards; nothing appears but by a rename."""
    for i, (call, path, more) in enumerate(events):
        if call == "mkdir":
            check(at(events, "fsync", folder_of(path), i) is not None, f"{what}: what {path} is in was not flushed")
        if call == "open" and more:  # new, or made empty
            name = os.path.basename(path)
            check(name.endswith(".partial") or name in (".lwssim-lock", "metrics.jsonl"),
                  f"{what}: {path} was opened for writing under its own name")
            if name == "metrics.jsonl":
                flushed = at(events, "fsync", folder_of(path), i)
                check(flushed is not None, f"{what}: the name of {path} was not flushed")
    for folder, _, files in os.walk(run_folder):
        for name in files:
            check(not name.endswith(".partial") and not name.startswith(".lwssim"), f"{what}: {folder}/{name} is left")


def check_log(what, events, run, log="run/metrics.jsonl"):
    """When a checkpoint gets its name, the file of the log has all lines up to its step; and at the end it is flushed."""
    size, ends = 0, {}
    with open(f"{run}/metrics.jsonl") as lines:
        for line in lines:
            size += len(line)
            ends[json.loads(line)["step"]] = size
    written, seen = 0, 0
    for call, path, more in events:
        if call == "write" and path == log:
            written += int(more)
        found = re.search(r"checkpoints/step-0*([0-9]+)\.h5$", more) if call == "rename" else None
        if found:
            seen += 1
            step = max(s for s in ends if s <= int(found[1]))
            check(written >= ends[step], f"{what}: the log has {written} of {ends[step]} bytes at step {found[1]}")
    check(seen >= 2 and written == size, f"{what}: {seen} checkpoints, {written} of {size} bytes")
    last = max(i for i, e in enumerate(events) if e[:2] == ("write", log))
    flushed = at(events, "fdatasync", log, last) or at(events, "fsync", log, last)
    check(flushed, f"{what}: the log is not flushed at the end")


def check_dataset(what, events, report="prepare-report.txt"):
    """A marker is on the disk before the first file gets its name, and goes after all of them are safe."""
    marker = "data/.lwssim-replacing"
    begun = next(i for i, e in enumerate(events) if e[0] == "rename" and e[2] == marker)
    safe = at(events, "fsync", "data", begun)
    finals = [i for i, e in enumerate(events) if e[0] == "rename" and re.search(rf"\.h5$|{report}$", e[2])]
    gone = at(events, "unlink", marker)
    removed = [i for i, e in enumerate(events) if e[0] == "unlink" and e[1].endswith(".h5")]
    check(finals and safe < min(finals), f"{what}: the marker was not safe before the first rename")
    check(not removed or min(removed) > max(finals), f"{what}: an old shard went before the new ones had their names")
    ready = [i for i, e in enumerate(events[:begun]) if e[:2] == ("fsync", "data")]
    partial = [i for i, e in enumerate(events) if e[0] == "open" and e[1].endswith(".h5.partial") and e[2] == "new"]
    check(ready and partial and max(ready) > max(partial), f"{what}: new files were not safe before the marker")
    last = max(finals + removed)
    safe = any(e[:2] == ("fsync", "data") for e in events[last:gone])
    check(safe, f"{what}: the marker went before the names were safe")
    check(at(events, "fsync", "data", gone) is not None, f"{what}: that the marker is gone was not flushed")


def writers(here):
    data, run = f"{here}/data", f"{here}/run"
    prepare = ["prepare", "--synthetic", "96", "--size", "16", "--split", "0.7,0.15,0.15", "--output", data]
    for what, more in (("prepare", ["--shards", "3"]), ("prepare --overwrite", ["--shards", "2", "--overwrite"])):
        events = record(here, *prepare, *more)
        targets = check_renames(what, events, deletes_may_come_first=True)
        check(len(targets) == (8 if "overwrite" in what else 9), f"{what}: {targets}")
        check_made(what, events, here)
        check_dataset(what, events)

    train = ["train", "--data", data, "--run", run, *tiny, "--checkpoint-every", "2", "--eval-every", "2", "--keep",
             "1", "--log-every", "1"]
    events = record(here, *train, "--steps", "6")
    targets = check_renames("train", events)
    checkpoints = [f"checkpoints/step-00000000{s}.h5" for s in (2, 4, 6)]
    for name in ["config.ini", *checkpoints, "images/step-000000006.png"]:
        check(f"run/{name}" in targets, f"train: {name} did not get its name by a rename: {targets}")
    check_made("train", events, run)
    check_log("train", events, run)
    check(any(e[0] == "mkdir" and e[1] == "run/checkpoints" for e in events), "train: no folder was made")
    before = os.path.getsize(f"{run}/metrics.jsonl")
    events = record(here, "train", "--run", run, "--resume", "--steps", "8")
    targets = check_renames("train --resume", events)
    check("run/metrics.jsonl" in targets, "train --resume: the log is not cut by a rename")
    check_made("train --resume", events, run)
    check(os.path.getsize(f"{run}/metrics.jsonl") > before, "train --resume: no new lines")

    for arguments in (["evaluate", "--run", run, "--json", f"{here}/figures.json"],
                      ["reconstruct", "--run", run, "--input", data, "--output", f"{here}/grid.png"]):
        events = record(here, *arguments)
        targets = check_renames(arguments[0], events)
        check(targets == [os.path.basename(arguments[-1])], f"{arguments[0]}: {events}")
        check_made(arguments[0], events, here)

    events = record(here, "train", "--data", data, "--run", f"{here}/lost", *tiny, "--steps", "100000", "--eval-every",
                    "0", code=1, preload=f"{build}/tests/fault/bad_product.so:")
    targets = check_renames("failure", events)
    check("lost/failure/failure.json" in targets, f"failure: {targets}")
    check(any(t.startswith("lost/failure/step-") for t in targets), f"failure: {targets}")
    check(at(events, "fdatasync", "lost/metrics.jsonl") is not None, "failure: the log was not flushed")
    check_made("failure", events, f"{here}/lost")


def main():
    if not os.path.exists(shim):
        print(f"skipped: no {shim}")
        sys.exit(77)
    here = os.path.realpath(tempfile.mkdtemp(prefix="lwssim-test."))  # as the shim finds it
    try:
        os.mkdir(f"{here}/files")
        writers(f"{here}/files")
    finally:
        shutil.rmtree(here)
    sys.exit(1 if program.failures else 0)


if __name__ == "__main__":
    main()
