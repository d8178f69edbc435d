#!/usr/bin/python3
"""Lets every call fail, one run after the other: fail_each.py [--sample N] [--seed S] [WRITER…]

For each writer the first call for a file fails, then in a new run the second, and so on until a run passes without; once
by itself, and once with all that follow (a disk that stays full). Then the same with requests for memory: of those from
each place of the code the first, the last and one between. After each: the exit code is 0 or 1, and 1 comes with one
line 'error:' that says what failed; nothing crashes; no half file has a final name;
what was there before is there, or what replaces it; and without faults the same command, or --resume, brings what a run
that nobody disturbed has. --sample N: so many of each kind, drawn anew with another seed.

exit code: 0 all trials passed, 1 one failed, 77 file_calls.so is not there
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import program
from program import build, check, fail, lwssim, root, shim, tiny

UNREADABLE = re.compile(r"HDF5-DIAG|backtrace|Signal:|\*\*\* |Segmentation|Assertion|free\(\)|malloc\(|corrupted ")
LAST = 4  # step of the runs
trials = 0


def run(arguments, environment=None, ranks=0):
    command = [lwssim, *arguments]
    own = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMP_WAIT_POLICY": "passive",
           "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_btl_base_warn_component_unused": "0"}
    environment = dict(os.environ, **own, **(environment or {}))
    if ranks:  # only the ranks themselves have the shim
        preload = environment.pop("LD_PRELOAD", None)
        only_ranks = ["-x", f"LD_PRELOAD={preload}"] if preload else []
        command = ["mpirun", "--oversubscribe", "-n", str(ranks), *only_ranks, *command]
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", timeout=120,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        fail(f"{arguments[0]} does not end")
        return subprocess.CompletedProcess(command, 124, "", "")


def works(arguments):
    done = run(arguments)
    check(done.returncode == 0, f"without faults, {arguments[0]} ends with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


# ---- what files hold -------------------------------------------------------------------------------

def check_files(folder, may_be_torn=False):
    """No half file has a final name."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = f"{where}/{name}"
            if name.startswith("."):
                continue
            if name.endswith(".h5"):
                done = run(["verify", path])
                check(done.returncode == 0, f"{path} does not verify: {done.stderr.strip()}")
                continue
            with open(path, "rb") as file:
                data = file.read()
            if name.endswith(".png"):
                check(data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82"), f"{path} is half a picture")
            elif name.endswith(".json"):
                check(data.endswith(b"}\n") and is_json(data), f"{path} is half a record")
            elif name == "metrics.jsonl":
                lines = data.split(b"\n")
                is_whole = all(map(is_json, lines[:-1])) and (may_be_torn or not lines[-1])
                check(is_whole, f"{path} has half lines: {lines[-2:]}")
            elif name == "config.ini":
                check(b"[model]" in data and data.endswith(b"\n") and b"checkpoint-patience" in data, f"{path} is half")


def is_json(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def check_log(run_folder):
    with open(f"{run_folder}/metrics.jsonl") as lines:
        records = [json.loads(line) for line in lines]
    steps = [r["step"] for r in records if r["type"] == "train"]
    check(steps == list(range(1, LAST + 1)), f"the log has steps {steps}")
    keys = {"type", "step", "epoch", "loss", "recon", "gradient_norm", "lr", "images_per_second", "seconds"}
    check(all(set(r) == keys for r in records if r["type"] == "train"), "the log lacks fields")
    evaluations = [r["step"] for r in records if r["type"] == "evaluation"]
    check(evaluations == [2, 4], f"the log has evaluations {evaluations}")


def dataset_digest(folder):
    done = run(["inspect", "--digest", folder])
    if done.returncode == 0:
        return done.stdout
    is_told = re.search("is not complete|is missing|holds no dataset|cannot read the folder|neither|No such", done.stderr)
    return "none" if is_told else fail(f"{folder}: {done.stderr.strip()}")


def checkpoint_digest(run_folder):
    return works(["inspect", "--digest", f"{run_folder}/checkpoints/step-{LAST:09d}.h5"])


# ---- writers ---------------------------------------------------------------------------------------

class Writer:
    """A command that writes in a folder `here`, which is a copy of what `set_up` has made."""
    ranks, preload, may_recover = 0, "", True

    def set_up(self, here):
        pass

    def learn(self, here):
        """What the folder holds after a run without faults."""

    def check(self, here, done, stays):
        pass


class Prepare(Writer):
    count, more = 40, []

    def command(self, here):
        return ["prepare", "--synthetic", str(self.count), "--size", "16", "--split", "0.6,0.2,0.2", "--shards", "2",
                "--output", f"{here}/data", *self.more]

    def learn(self, here):
        self.digest = dataset_digest(f"{here}/data")

    def check(self, here, done, stays):
        found = dataset_digest(f"{here}/data")
        check(found == self.digest or (done.returncode and found in ("none", self.old)), f"a dataset of digest {found}")
        works([*self.command(here), *([] if self.more else ["--overwrite"])])
        check(dataset_digest(f"{here}/data") == self.digest, "another dataset without faults")
        works(["verify", f"{here}/data"])
        left = [name for name in os.listdir(f"{here}/data") if name.startswith(".")]
        check(not left, f"left behind: {left}")

    old = "none"


class Replace(Prepare):
    count, more = 44, ["--overwrite"]

    def set_up(self, here):
        works(["prepare", "--synthetic", "40", "--size", "16", "--split", "0.6,0.2,0.2", "--shards", "3", "--output",
               f"{here}/data"])
        self.old = dataset_digest(f"{here}/data")


class Train(Writer):
    def set_up(self, here):
        works(["prepare", "--synthetic", "60", "--size", "16", "--split", "0.6,0.2,0.2", "--output", f"{here}/data"])

    def options(self, here):
        return ["--data", f"{here}/data", *tiny, "--steps", str(LAST), "--checkpoint-every", "2", "--eval-every", "2",
                "--keep", "1", "--log-every", "1", "--checkpoint-patience", "0.05"]

    def command(self, here):
        return ["train", "--run", f"{here}/run", *self.options(here)]

    def learn(self, here):
        self.digest = checkpoint_digest(f"{here}/run")

    def check(self, here, done, stays):
        folder = f"{here}/run"
        check_files(folder, may_be_torn=done.returncode != 0)
        if done.returncode:
            begun = os.path.exists(f"{folder}/config.ini")
            works(["train", "--run", folder, *(["--resume"] if begun else self.options(here))])
        check(checkpoint_digest(folder) == self.digest, "the run has another last checkpoint")
        check_log(folder)
        check_files(folder)
        left = [name for _, _, names in os.walk(folder) for name in names if re.match(r"\.(?!lwssim-lock)", name)]
        check(not left or not done.returncode, f"left behind: {left}")


class Resume(Train):
    """Of a run that has been killed after step 2, when its log had gone on."""
    def set_up(self, here):
        super().set_up(here)
        works(super().command(here) + ["--keep", "5"])
        os.remove(f"{here}/run/checkpoints/step-{LAST:09d}.h5")

    def command(self, here):
        return ["train", "--run", f"{here}/run", "--resume"]


class Evaluate(Train):
    output = "figures.json"
    before = b'{\n\t"checkpoint":\t"another"\n}\n' # such as the program makes: another it would not replace

    def set_up(self, here):
        super().set_up(here)
        works(Train.command(self, here))
        with open(f"{here}/{self.output}", "wb") as file:
            file.write(self.before)

    def command(self, here):
        return ["evaluate", "--run", f"{here}/run", "--json", f"{here}/{self.output}"]

    def learn(self, here):
        with open(f"{here}/{self.output}", "rb") as file:
            self.digest = file.read()

    def check(self, here, done, stays):
        with open(f"{here}/{self.output}", "rb") as file:
            found = file.read()
        same = self.content(found, here) == self.content(self.digest, "")
        check(same or (done.returncode and found == self.before), "neither the old file nor the new one")
        left = [name for name in os.listdir(here) if name.endswith(".partial")]
        check(stays or not left, f"left behind: {left}")
        works(self.command(here))
        with open(f"{here}/{self.output}", "rb") as file:
            check(self.content(file.read(), here) == self.content(self.digest, ""), "another file without faults")

    @staticmethod
    def content(data, here):
        return re.sub(rb'"(checkpoint|data)":\s*"[^"]*"', b"", data)


class Reconstruct(Evaluate):
    output = "grid.png"
    before = b"\x89PNG\r\n\x1a\n".ljust(37, b"\0") + b"tEXtSoftware\0lwssim" # its mark, behind signature and header

    def command(self, here):
        return ["reconstruct", "--run", f"{here}/run", "--input", f"{here}/data", "--output", f"{here}/{self.output}"]


class Failure(Train):
    """A step that is not finite: the job fails anyhow, and its record is whole or not there."""
    preload, may_recover = "bad_product", False

    def command(self, here):
        return ["train", "--run", f"{here}/run", *self.options(here), "--steps", "100000", "--eval-every", "0"]

    def learn(self, here):
        check(os.path.exists(f"{here}/run/failure/failure.json"), "no record of the failed step")

    def check(self, here, done, stays):
        folder = f"{here}/run"
        check_files(folder, may_be_torn=True)
        if os.path.exists(f"{folder}/failure/failure.json"):
            code = run(["replay", f"{folder}/failure"]).returncode
            check(code in (0, 1), f"replay ends with {code}")
            check("failure" in done.stderr or done.returncode != 1, "the message does not name the record")


class Two(Train):
    ranks = 2


class Verify(Evaluate):
    """Only reads."""
    def command(self, here):
        return ["verify", f"{here}/run", f"{here}/data"]

    def check(self, here, done, stays):
        works(self.command(here))


class Inspect(Verify):
    def command(self, here):
        return ["inspect", f"{here}/run"]


writers = {"prepare": Prepare, "replace": Replace, "train": Train, "resume": Resume, "evaluate": Evaluate,
           "reconstruct": Reconstruct, "failure": Failure, "two-ranks": Two, "verify": Verify, "inspect": Inspect}


# ---- trials ----------------------------------------------------------------------------------------

def trial(writer, pristine, here, kind, n, stays, error):
    """One run; false where nothing failed in it."""
    global trials
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(pristine, here)
    hit = f"{here}.hit"
    if os.path.exists(hit):
        os.remove(hit)
    preload = f"{build}/tests/fault/{writer.preload}.so:{shim}" if writer.preload else shim
    environment = {"LD_PRELOAD": preload, "FILE_CALLS_UNDER": here, "FILE_CALLS_HIT": hit, "BAD_PRODUCT_FIRST": "400",
                   f"FILE_CALLS_{'MEMORY' if kind == 'memory' else 'FAIL'}": str(n), "FILE_CALLS_ERRNO": str(error),
                   "FILE_CALLS_TOTAL": f"{here}.total", **({"FILE_CALLS_ONWARD": "1"} if stays else {})}
    done = run(writer.command(here), environment, writer.ranks)
    if not os.path.exists(hit):
        check(done.returncode == (0 if writer.may_recover else 1), f"exit code {done.returncode}: {done.stderr.strip()}")
        return False
    trials += 1
    with open(hit) as lines:
        refused = lines.readline().strip()
    said = f"({refused}) {done.stderr.strip()}"
    errors = [line for line in done.stderr.split("\n") if "error:" in line]
    if not check(done.returncode in (0, 1) and not UNREADABLE.search(done.stderr), f"exit code {done.returncode} {said}"):
        return True
    if done.returncode:
        check(len(errors) == 1, f"{len(errors)} errors {said}")
        cause = "memory" if kind == "memory" else os.strerror(error)
        check(not writer.may_recover or any(cause in e or "the disk is full" in e for e in errors), f"no cause {said}")
    else:
        check(not errors and writer.may_recover, f"exit code 0 {said}")
    writer.check(here, done, stays)
    return True


def counts(writer, pristine, here):
    """How many file calls and requests for memory there are; and what a run without faults brings."""
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(pristine, here)
    total = f"{here}.total"
    preload = f"{build}/tests/fault/{writer.preload}.so:{shim}" if writer.preload else shim
    log = f"{here}.log"
    for path in (log, total):
        if os.path.exists(path):
            os.remove(path)
    done = run(writer.command(here), {"LD_PRELOAD": preload, "FILE_CALLS_UNDER": here, "FILE_CALLS_TOTAL": total,
                                      "BAD_PRODUCT_FIRST": "400", "FILE_CALLS_FAIL": "1000000000",
                                      "FILE_CALLS_LOG": log, "FILE_CALLS_MEMORY": "1000000000"}, writer.ranks)
    check(done.returncode == (0 if writer.may_recover else 1), f"without faults: {done.returncode}: {done.stderr}")
    writer.learn(here)
    with open(total) as file:
        totals = [[int(word) for word in line.split()] for line in file]  # of each rank
    files, requests = (max(total[i] for total in totals) for i in (0, 1))
    places = {}
    with open(log) as lines:
        for line in lines:
            if line.endswith(" memory\n"):
                _, where, n, _ = line.split()
                places.setdefault(where, []).append(int(n))
    chosen = {n for those in places.values() for n in (those[0], those[len(those) // 2], those[-1])}
    return files, requests, sorted(chosen)


def try_writer(name, folder, options, chance):
    program.place, writer = name, writers[name]()
    pristine, here = f"{folder}/{name}", f"{folder}/here"
    shutil.rmtree(here, ignore_errors=True)
    os.mkdir(here)
    writer.set_up(here)
    shutil.copytree(here, pristine)
    files, memory, chosen = counts(writer, pristine, here)
    check(memory > 0 and files > 0, f"{files} file calls and {memory} requests for memory are seen")
    print(f"{name}: {files} file calls, {memory} requests for memory, of which {len(chosen)} are tried", flush=True)
    for kind, most in (("file", files), ("memory", memory)):
        for stays in (False, True):
            numbers = range(1, most + 20) if kind == "file" else chosen
            if options.sample and options.sample < most:
                numbers = sorted(chance.sample(range(1, most + 1) if kind == "file" else chosen, options.sample))
            for n in numbers:
                program.place = f"{name}, {kind} {n}{' and on' if stays else ''}"
                if not trial(writer, pristine, here, kind, n, stays, 28 if n % 2 else 5):
                    check(n > .8 * most, f"nothing failed, of {most}")
                    break


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("writers", nargs="*", default=[])
    options = parser.parse_args()
    if not os.path.exists(shim):
        print(f"skipped: no {shim}")
        sys.exit(77)
    folder = os.path.realpath(tempfile.mkdtemp(prefix="lwssim-test."))  # as the shim finds it
    try:
        for name in options.writers or writers:
            try_writer(name, folder, options, random.Random(options.seed))
    finally:
        shutil.rmtree(folder)
    print(f"{trials} trials, {program.failures} failures")
    sys.exit(1 if program.failures else 0)


if __name__ == "__main__":
    main()
