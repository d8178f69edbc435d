"""What the peer tests share: the program under test, datasets, checkpoints, and how a check is reported.

The program is the one named by --lwssim, by the environment variable LWSSIM, or `lwssim` on the PATH.
Exit codes: 0 all checks passed, 1 one failed, 77 not run because something is missing.
"""
import glob
import importlib
import json
import os
import subprocess
import sys

PASS, FAIL, SKIP = 0, 1, 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def need(*modules):
    """The modules, imported; skips the test where one is missing."""
    found = []
    for name in modules:
        try:
            found.append(importlib.import_module(name))
        except ImportError as error:
            skip(f"the Python at {sys.executable} has no {name} ({error})")
    return found[0] if len(found) == 1 else found


class Program:
    """The `lwssim` binary, run as one process with one thread."""

    def __init__(self, path=None):
        self.path = path or os.environ.get("LWSSIM", "lwssim")
        self.environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                                OMP_WAIT_POLICY="passive")

    def __call__(self, *arguments):
        """Standard output of a command; ends the test with its messages where it fails."""
        command = [self.path, *map(str, arguments)]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=self.environment)
        except OSError as error:
            print(f"FAIL  {self.path}: {error.strerror}. Name the program with --lwssim or LWSSIM.")
            sys.exit(FAIL)
        if done.returncode != 0:
            print(f"FAIL  {' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
            sys.exit(FAIL)
        return done.stdout


class Checks:
    """Counts and prints checks of the form `value <= limit`."""

    def __init__(self):
        self.failed = self.done = 0

    def true(self, good, text):
        self.done += 1
        self.failed += not good
        if not good:
            print(f"FAIL  {text}")
        return bool(good)

    def at_most(self, value, limit, text):
        good = self.true(value <= limit, f"{text}: {value:.3g} > {limit:.3g}")
        if good:
            print(f"ok    {text}: {value:.3g} <= {limit:.3g}")
        return good

    def finish(self):
        """The exit code."""
        print(f"{self.done - self.failed} of {self.done} checks passed")
        return FAIL if self.failed or not self.done else PASS


def shard_paths(folder, split):
    return sorted(glob.glob(os.path.join(folder, f"{split}-*-of-*.h5")))


def read_images(folder, split):
    """All images of a split, uint8 [n, H, W, C]."""
    import h5py
    import numpy
    parts = []
    for path in shard_paths(folder, split):
        with h5py.File(path, "r") as file:
            parts.append(file["images"][:])
    return numpy.concatenate(parts)


def read_metrics(run, kind):
    """The objects of one type from a run's metrics.jsonl."""
    with open(os.path.join(run, "metrics.jsonl")) as file:
        return [line for line in map(json.loads, file) if line["type"] == kind]


def read_config(run):
    """All keys of a run's config.ini as text."""
    import configparser
    parser = configparser.ConfigParser()
    parser.read(os.path.join(run, "config.ini"))
    return {key: value for section in parser.sections() for key, value in parser.items(section)}


def checkpoint_path(run, step):
    return os.path.join(run, "checkpoints", f"step-{step:09d}.h5")


def read_checkpoint(path, group):
    """{name: array} of all datasets below `group` ("model", "state", "optimizer/m", "optimizer/v")."""
    import h5py
    arrays = {}
    with h5py.File(path, "r") as file:
        file[group].visititems(
            lambda name, item: arrays.update({name: item[:]}) if isinstance(item, h5py.Dataset) else None)
    return arrays
