#!/usr/bin/python3
"""Damages checkpoints and shards at random, and looks at what the program makes of them: fuzz_files.py [TRIALS]

HDF5 keeps a checksum on each piece of metadata; it is computed anew after most changes, as only then does the damage
reach the code behind it. Whatever the damage: exit code 0 or 1, with 1 exactly one line 'error:' that names the file,
nothing on standard error that a user could not read, and no more time than HDF5 is given. SEED=N repeats a sequence;
KEEP=DIR keeps the files on which the HDF5 library itself failed, and those of failures.

exit code: 0 all trials passed, 1 one failed, 77 h5py or the library's checksum is missing
"""
import collections
import ctypes
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

SIGNATURES = (b"\x89HDF\r\n\x1a\n", b"OHDR", b"OCHK", b"BTHD", b"BTLF", b"BTIN", b"FRHP", b"FHDB", b"FHIB", b"FSHD",
              b"FSSE", b"SMTB", b"SMLI", b"EAHD", b"EAIB", b"EADB", b"EASB", b"FAHD", b"FADB")
LIMIT = 120  # seconds: HDF5 may compute for ten, and others may be at work on this machine
READABLE = re.compile(r"HDF5-DIAG|backtrace|Signal:|\*\*\* |Segmentation|Assertion|#[0-9]+ |free\(\)|malloc\(|corrupted ")


def checksum():
    """The checksum of HDF5's metadata, as the library computes it."""
    if not importlib.util.find_spec("h5py"):
        print("h5py is needed")
        sys.exit(77)
    for name in ("libhdf5_serial.so", "libhdf5_serial.so.103", "libhdf5.so", "libhdf5.so.103", "libhdf5.so.200"):
        try:
            function = ctypes.CDLL(name).H5_checksum_lookup3
        except (OSError, AttributeError):
            continue
        function.restype, function.argtypes = ctypes.c_uint32, (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint32)
        return lambda data: function(data, len(data), 0).to_bytes(4, "little")
    print("no HDF5 library with its checksum")
    sys.exit(77)


def pieces(data, sum_of):
    """(begin, end) of each piece of metadata; its checksum follows at end. The length is the one at which it holds."""
    found = []
    for signature in SIGNATURES:
        at = data.find(signature)
        while at >= 0:
            for end in range(at + 8, min(at + 70000, len(data) - 3)):
                if data[end:end + 4] == sum_of(data[at:end]):
                    found.append((at, end))
                    break
            at = data.find(signature, at + 1)
    return sorted(found)


def damage(data, metadata, sum_of, chance):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        begin, end = chance.choice(metadata) if chance.random() < 0.9 else (0, len(data))
        at, size = chance.randrange(begin, end), chance.choice((1, 1, 1, 2, 4, 8))
        how = chance.randrange(4)
        for i in range(at, min(at + size, end)):
            data[i] = (data[i] ^ 1 << chance.randrange(8), 0, 255, chance.randrange(256))[how]
    if chance.random() < 0.05:
        del data[chance.randrange(len(data)):]
    if chance.random() < 0.95:
        for begin, end in metadata:
            if end + 4 <= len(data):
                data[end:end + 4] = sum_of(bytes(data[begin:end]))
    return bytes(data)


def make_sources(lwssim, folder):
    """Files as the program writes them, and as h5py does, which uses other parts of the library."""
    def run(*arguments):
        subprocess.run([lwssim, *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    run("prepare", "--synthetic", "60", "--size", "16", "--output", "data")
    run("train", "--data", "data", "--run", "run", "--preset", "tiny16", "--batch-size", "16", "--steps", "2",
        "--checkpoint-every", "1", "--threads", "1")
    checkpoint, shard = "run/checkpoints/step-000000002.h5", "data/train-00000-of-00001.h5"
    cases = "\n".join(f"{kind}-{way.replace(' ', '-')}.h5 rewrite {way}" for kind in ("checkpoint",) for way in
                      ("latest plain", "latest chunked", "latest compressed", "earliest plain", "earliest chunked"))
    hostile = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../cli/hostile.py")
    for source, text in ((checkpoint, cases), (shard, cases.replace("checkpoint-", "shard-"))):
        subprocess.run([sys.executable, hostile, source], input=text.encode(), cwd=folder, check=True)
    return {os.path.join(folder, name): source
            for source, names in ((checkpoint, "checkpoint"), (shard, "shard"))
            for name in [source] + [f for f in os.listdir(folder) if f.startswith(names + "-")]}


def judge(command, file, result):
    """None, or what is wrong with how the program ended."""
    errors = [line for line in result.stderr.splitlines() if "error:" in line]
    if result.returncode not in (0, 1):
        return f"exit code {result.returncode}"
    if len(errors) != result.returncode:
        return f"{len(errors)} lines with 'error:' and exit code {result.returncode}"
    if READABLE.search(result.stderr):
        return "a trace instead of a message"
    if errors and command != "resume" and os.path.basename(file) not in errors[0]:
        return "an error that does not name the file"
    return None


def run_program(lwssim, folder, command, file):
    if command == "resume":  # passes over the damaged file for the one before
        shutil.copy(file, f"{folder}/run/checkpoints/step-000000003.h5")
        arguments = ["train", "--run", "run", "--resume", "--steps", "2"]
    elif command == "evaluate":
        arguments = ["evaluate", "--checkpoint", file, "--data", "data"]
    else:
        arguments = [command, file]
    return subprocess.run([lwssim, *arguments], cwd=folder, capture_output=True, timeout=LIMIT, encoding="utf-8",
                          errors="replace", stdin=subprocess.DEVNULL)


def trial(lwssim, folder, source, kind, data, chance):
    file = f"{folder}/{kind}.h5"
    with open(file, "wb") as out:
        out.write(data)
    commands = ("verify", "inspect", "evaluate", "resume") if kind == "checkpoint" else ("verify", "inspect")
    command = chance.choices(commands, (6, 3, 1, 1)[:len(commands)])[0]
    began = time.time()
    try:
        result = run_program(lwssim, folder, command, file)
        problem = judge(command, file, result)
    except subprocess.TimeoutExpired:
        result, problem = None, "does not come to an end"
    said = (result.stderr.strip().splitlines() or [result.stdout])[-1] if result else ""
    return command, file, problem, said, time.time() - began


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    keep = os.environ.get("KEEP")
    root = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
    lwssim = os.path.realpath(os.environ.get("LWSSIM", f"{root}/build/release/src/cli/lwssim"))
    print(f"seed {seed}: SEED={seed} {sys.argv[0]} {count} repeats this", flush=True)
    chance, sum_of, failures, library, longest = random.Random(seed), checksum(), 0, collections.Counter(), 0
    with tempfile.TemporaryDirectory(prefix="lwssim-fuzz.") as folder:
        sources = {}
        for path, kind in sorted(make_sources(lwssim, folder).items()):
            data = open(path, "rb").read()
            sources[path] = (data, pieces(data, sum_of), "shard" if "data" in kind else "checkpoint")
        for i in range(count):
            path = chance.choice(sorted(sources))
            data, metadata, kind = sources[path]
            data = damage(data, metadata or [(0, min(len(data), 4096))], sum_of, chance)
            command, file, problem, said, seconds = trial(lwssim, folder, path, kind, data, chance)
            longest = max(longest, seconds)
            own = re.search(r"the HDF5 library (fails|does not come to an end)|memory", said)
            if own:
                library[own.group()] += 1
            if problem:
                failures += 1
                print(f"FAILED: trial {i}, {command} of {os.path.basename(path)}: {problem}: {said}", flush=True)
            if keep and (problem or own):
                os.makedirs(keep, exist_ok=True)
                shutil.copy(file, f"{keep}/{seed}-{i}-{command}-{os.path.basename(path)}")
    print(f"{count} trials, {failures} failures; {dict(library)}; the longest took {longest:.1f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
