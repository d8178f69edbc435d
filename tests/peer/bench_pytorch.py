#!/usr/bin/python3
"""How fast is lwssim next to PyTorch, Pillow, and its own matrix product?

Both sides do the same work on the same cores, one after the other, in alternation; the table shows medians over the
rounds, the ratio of the medians, and the ratios of the single rounds. Rows (--only takes their names):

  lwssim    training dcgan64 with LWSSIM over windows 3, 5, 7, 9, 11: 2 ranks of 1 thread, PyTorch on the same 2 cores
  mse       the same with MSE
  wae       the same network family at 39.7 M parameters (wae64), LWSSIM
  scaling   2 ranks over 1 rank of lwssim at one global batch of 128
  flops     the step's direct count of operations by its time, over the rate of SGEMM on the same core
  shares    how much of the step the loss takes, and all but the convolutions, by `train --profile`
  loss      value and gradient of LWSSIM on 64 images by liblwssim, against SSIM by pytorch-msssim with autograd
  prepare   JPEG to dataset on one core, against a script with Pillow and h5py
  memory    largest resident memory of a rank, as the kernel counts it (pages of the mapped dataset included)
  start     from the start of `train` to the end of its first step, on 200,000 images in the page cache (only with --big)

PyTorch may choose: 2 processes of 1 thread (DDP over gloo) or 1 process of 2 threads; eager or torch.compile; contiguous or
channels_last. All that work are tried briefly, the fastest, and a second one close to it, run in the rounds. (Compiling
takes half a minute: a layout that is eager far behind the other is compiled with --thorough only.) Its images
lie in memory as bytes, are shuffled, and become floats a batch at a time. Its memory allocator is told to keep what it
has (MALLOC_…), which saves it page faults: up to a tenth of a step. Variables that would choose kernels or threads for
either side (OPENBLAS_CORETYPE, OMP_NUM_THREADS, …) are removed, unless --keep-env.

usage: bench_pytorch.py [--python PYTHON-WITH-TORCH] [--lwssim PROGRAM] [--data DIR] [--quick] [--big] [--json FILE] …
Needs Linux, mpirun, 2 cores; in --python: torch >= 2, numpy, h5py, and for single rows pytorch-msssim, pillow.
exit code: 0 done, 1 a run failed, or with --strict a target was missed, 77 a package is missing
"""
import argparse
import contextlib
import ctypes
import glob
import io
import itertools
import json
import os
import platform
import re
import resource
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

WINDOWS = (3, 5, 7, 9, 11)
SIDE, CHANNELS, LATENT = 64, 3, {"dcgan64": 128, "wae64": 64}
CHOOSING = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OMP_PROC_BIND",
            "OMP_PLACES", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "MKL_NUM_THREADS")
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
CLOSE = .9      # a second configuration of PyTorch runs in the rounds if it has this part of the first one's speed
BEHIND = .75    # a layout is not compiled if it has less than this part of the other one's speed, eager
PATIENCE = 600  # seconds until a silent worker counts as hung


class Failed(Exception):
    """A run that did not do what it should; the message says which and why."""


# ==== workers: run by --python ==========================================================================

def answer(value):
    print("@" + json.dumps(value), flush=True)


def serve(measure, hello=None):
    """Answers every line on standard input, a JSON list of arguments, with what `measure` makes of it."""
    answer(hello)
    for line in sys.stdin:
        answer(measure(*json.loads(line)))


def worker_versions():
    """What of the other side is installed; None for a package that is missing."""
    from importlib import metadata
    found = {}
    for module, package in (("torch", "torch"), ("numpy", "numpy"), ("h5py", "h5py"), ("PIL", "pillow"),
                            ("pytorch_msssim", "pytorch-msssim")):
        try:
            found[module] = getattr(__import__(module), "__version__", None) or metadata.version(package)
        except ImportError: # PackageNotFoundError is one
            found[module] = None
    if found["torch"]:
        import torch
        onednn = re.search(r"(?:oneDNN|MKL-DNN)\)? v([\w.]+)", torch.__config__.show())
        found["oneDNN"] = onednn.group(1) if onednn else "?"
        with contextlib.suppress(AttributeError):
            found["instructions"] = torch.backends.cpu.get_cpu_capability()
    answer(found)


# ---- PyTorch: networks and losses --------------------------------------------------------------------

def dcgan64(nn):
    """Kernels of 4 × 4 at stride 2: 64, 128, 256, 512 channels, code, and back (bias only where no batch norm is)."""
    down, up = (CHANNELS, 64, 128, 256, 512), (512, 256, 128, 64, CHANNELS)
    layers = []
    for a, b in zip(down, down[1:]):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]
    layers += [nn.Flatten(), nn.Linear(512 * 16, LATENT["dcgan64"]),
               nn.Linear(LATENT["dcgan64"], 512 * 16, bias=False), nn.Unflatten(1, (512, 4, 4)),
               nn.BatchNorm2d(512), nn.ReLU(inplace=True)]
    for a, b in zip(up, up[1:-1]):
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]
    layers += [nn.ConvTranspose2d(up[-2], CHANNELS, 4, 2, 1), nn.Sigmoid()]
    return nn.Sequential(*layers)


def wae64(nn):
    """Kernels of 5 × 5: 128 to 1024 channels, code, 8 × 8 × 1024, and back. (Padded alike on both sides: the same sizes
    and the same work as with TensorFlow's SAME.)"""
    down, up = (CHANNELS, 128, 256, 512, 1024), (1024, 512, 256, 128)
    layers = []
    for a, b in zip(down, down[1:]):
        layers += [nn.Conv2d(a, b, 5, 2, 2, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]
    layers += [nn.Flatten(), nn.Linear(1024 * 16, LATENT["wae64"]), nn.Linear(LATENT["wae64"], 1024 * 64),
               nn.Unflatten(1, (1024, 8, 8)), nn.ReLU(inplace=True)]
    for a, b in zip(up, up[1:]):
        layers += [nn.ConvTranspose2d(a, b, 5, 2, 2, output_padding=1, bias=False), nn.BatchNorm2d(b),
                   nn.ReLU(inplace=True)]
    layers += [nn.ConvTranspose2d(128, CHANNELS, 5, 1, 2), nn.Sigmoid()]
    return nn.Sequential(*layers)


def lwssim_loss(x, y):
    """2 - (l + c·s), averaged over positions and over the windows, by average pooling in float32."""
    from torch.nn.functional import avg_pool2d
    c1, c2, total = .01 ** 2, .03 ** 2, 0
    xx, yy, xy = x * x, y * y, x * y
    for side in WINDOWS:
        mx, my = avg_pool2d(x, side, 1), avg_pool2d(y, side, 1)
        vx = avg_pool2d(xx, side, 1) - mx * mx
        vy = avg_pool2d(yy, side, 1) - my * my
        vxy = avg_pool2d(xy, side, 1) - mx * my
        luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1)
        structure = (2 * vxy + c2) / (vx + vy + c2)
        total = total + (luminance + structure).mean()
    return 2 - total / len(WINDOWS)


def mse_loss(x, y):
    from torch.nn.functional import mse_loss as mse
    return mse(y, x)


def with_loss(network, loss):
    """A module from a batch to its loss, so that torch.compile sees both at once."""
    from torch import nn

    class Reconstruction(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, x):
            return loss(x, self.network(x))
    return Reconstruction()


class Training:
    """One process of a training in PyTorch."""

    def __init__(self, job):
        import torch
        self.torch, self.job = torch, job
        torch.set_num_threads(job["threads"])
        torch.manual_seed(job["rank"])
        self.images, self.order, self.at = self.read_images(), None, 0
        self.model = self.build()
        try:
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        except (RuntimeError, TypeError):
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def read_images(self):
        """This process's share as bytes [n, C, H, W], already in the layout wanted."""
        import peer
        images = self.torch.from_numpy(peer.read_images(self.job["data"], "train"))
        images = images[self.job["rank"]::self.job["processes"]].permute(0, 3, 1, 2)
        return images if self.job["channels_last"] else images.contiguous()

    def build(self):
        torch, job = self.torch, self.job
        network = {"dcgan64": dcgan64, "wae64": wae64}[job["preset"]](torch.nn)
        model = with_loss(network, {"lwssim": lwssim_loss, "mse": mse_loss}[job["loss"]])
        if job["channels_last"]:
            model = model.to(memory_format=torch.channels_last)
        if job["processes"] > 1:
            torch.distributed.init_process_group("gloo", init_method="file://" + job["meeting"], rank=job["rank"],
                                                 world_size=job["processes"])
            model = torch.nn.parallel.DistributedDataParallel(model, broadcast_buffers=False,
                                                              gradient_as_bucket_view=True)
        return torch.compile(model) if job["compile"] else model

    def batch(self):
        n = self.job["batch"] // self.job["processes"]
        if self.order is None or self.at + n > len(self.order):
            self.order, self.at = self.torch.randperm(len(self.images)), 0
        rows = self.order[self.at:self.at + n]
        self.at += n
        return self.images[rows].float().div_(255)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.model(self.batch())
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def measure(self, warmup, steps):
        """Seconds of `steps` steps, this process's memory, and the last loss."""
        for _ in range(warmup):
            self.step()
        if self.job["processes"] > 1:
            self.torch.distributed.barrier()
        start = time.perf_counter()
        for _ in range(steps):
            loss = self.step()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "loss": float(loss), "megabytes": maxrss(resource.RUSAGE_SELF)}


def worker_train(job):
    serve(Training(json.loads(job)).measure)


def maxrss(who):
    return resource.getrusage(who).ru_maxrss / 1024


# ---- losses alone ------------------------------------------------------------------------------------

def two_batches(numpy, layout, batch=64):
    """Two batches of images that resemble each other, float32."""
    draw = numpy.random.default_rng(1)
    shape = (batch, SIDE, SIDE, CHANNELS) if layout == "nhwc" else (batch, CHANNELS, SIDE, SIDE)
    x = draw.random(shape, dtype=numpy.float32)
    return x, numpy.clip(x + .1 * draw.standard_normal(shape, dtype=numpy.float32), 0, 1)


def median_seconds(call, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class LossSpec(ctypes.Structure):
    """lws_loss_spec of include/lwssim/loss.h."""
    _fields_ = [("kind", ctypes.c_int), ("levels", ctypes.c_int), ("window", ctypes.c_int * 16),
                ("weight", ctypes.c_double * 16), ("luminance_apart", ctypes.c_bool),
                ("luminance_weight", ctypes.c_double * 16), ("gaussian", ctypes.c_bool)] + [
                (name, ctypes.c_double) for name in ("sigma", "alpha", "beta", "gamma", "k1", "k2", "c3")] + [
                ("own", ctypes.c_double * 64)]


class LibraryLoss:
    """LWSSIM by liblwssim for images of 64 × 64 × 3."""

    def __init__(self, library, windows):
        self.library = library
        library.lws_message.restype = ctypes.c_char_p
        library.lws_loss_eval.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                                          ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p]
        spec = LossSpec()
        self.demand(library.lws_loss_find(b"lwssim", b"windows = " + ",".join(map(str, windows)).encode(),
                                          ctypes.byref(spec)))
        self.loss = ctypes.c_void_p()
        self.demand(library.lws_loss_create(ctypes.byref(spec), SIDE, SIDE, CHANNELS, ctypes.byref(self.loss)))

    def demand(self, status):
        if status != 0:
            raise Failed(self.library.lws_message().decode())

    def __call__(self, x, y, value, dy):
        self.demand(self.library.lws_loss_eval(self.loss, len(x), x.ctypes.data, y.ctypes.data, 1 / len(x),
                                               value.ctypes.data, dy.ctypes.data))


def worker_library_loss(path):
    """Seconds a batch, by window sides. A known value guards against a struct that no longer fits the header."""
    import numpy
    library = ctypes.CDLL(path)
    x, y = two_batches(numpy, "nhwc")
    value, dy = numpy.empty(len(x)), numpy.empty_like(x)
    losses = {}

    def measure(windows, repeats):
        key = tuple(windows)
        loss = losses.setdefault(key, None) or LibraryLoss(library, windows)
        losses[key] = loss
        loss(numpy.full_like(x, .25), numpy.full_like(x, .75), value, dy)
        if abs(value[0] - (2 - 1.600063989761638)) > 1e-9:
            raise Failed(f"liblwssim gives {value[0]!r} for flat images: does LossSpec here fit loss.h?")
        return median_seconds(lambda: loss(x, y, value, dy), repeats)
    serve(measure)


def worker_msssim(threads):
    """Seconds a batch of SSIM forward and backward, by layout."""
    import numpy
    import torch
    from pytorch_msssim import SSIM
    torch.set_num_threads(int(threads))
    ssim = SSIM(data_range=1, channel=CHANNELS)
    pair = [torch.from_numpy(a) for a in two_batches(numpy, "nchw")]

    def measure(layout, repeats):
        x, y = (a.contiguous(memory_format=getattr(torch, layout)) for a in pair)
        y.requires_grad_()

        def once():
            y.grad = None
            (1 - ssim(x, y)).backward()
        once()
        return median_seconds(once, repeats)
    serve(measure)


# ---- matrix product, preparation, memory -----------------------------------------------------------------

def worker_sgemm(path):
    """GFLOP/s of SGEMM 2048³ on one thread of this OpenBLAS; says first which kernel runs."""
    import numpy
    blas, n = ctypes.CDLL(path), 2048
    blas.openblas_get_corename.restype = ctypes.c_char_p
    blas.openblas_set_num_threads(1)
    integer, number, pointer = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
    blas.cblas_sgemm.argtypes = [integer] * 6 + [number, pointer, integer, pointer, integer, number, pointer, integer]
    draw = numpy.random.default_rng(1)
    a, b, c = (draw.random((n, n), dtype=numpy.float32) for _ in range(3))

    def once():
        blas.cblas_sgemm(101, 111, 111, n, n, n, 1, a.ctypes.data, n, b.ctypes.data, n, 0, c.ctypes.data, n)

    def measure(repeats):
        once()
        return 2e-9 * n ** 3 / median_seconds(once, repeats)
    serve(measure, blas.openblas_get_corename().decode())


def worker_pillow(source, target):
    """Seconds to crop 140 × 140, resize to 64 × 64 with Lanczos, and write one contiguous array; imports not counted."""
    import h5py
    import numpy
    from PIL import Image
    start = time.perf_counter()
    with zipfile.ZipFile(source) as archive:
        names = archive.namelist()
        images = numpy.empty((len(names), SIDE, SIDE, CHANNELS), numpy.uint8)
        for i, name in enumerate(names):
            image = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
            left, top = (image.width - 140) // 2, (image.height - 140) // 2
            image = image.crop((left, top, left + 140, top + 140))
            images[i] = numpy.asarray(image.resize((SIDE, SIDE), Image.LANCZOS))
    with h5py.File(target, "w") as file:
        file.create_dataset("images", data=images)
    answer(time.perf_counter() - start)


def worker_rss(folder, *command):
    """Runs a command and writes its largest resident memory, in MB, to a file in the folder."""
    code = subprocess.call(command)
    with open(os.path.join(folder, str(os.getpid())), "w") as file:
        file.write(str(maxrss(resource.RUSAGE_CHILDREN)))
    return code


WORKERS = {"versions": worker_versions, "train": worker_train, "library-loss": worker_library_loss,
           "msssim": worker_msssim, "sgemm": worker_sgemm, "pillow": worker_pillow, "rss": worker_rss}


# ==== the driver ========================================================================================

def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu_cores():
    """The hardware threads of each core this process may use, as sets, in order."""
    allowed, cores = os.sched_getaffinity(0), []
    for cpu in sorted(allowed):
        try:
            with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") as file:
                core = set()
                for part in file.read().split(","):
                    low, _, high = part.partition("-")
                    core.update(range(int(low), int(high or low) + 1))
        except OSError:
            core = {cpu}
        if core & allowed not in cores:
            cores.append(core & allowed)
    return cores


def reason(text):
    """What a failed program's messages come to: Python's last exception, or the last lines before mpirun's own."""
    raised = re.findall(r"^(?:\[rank\d\]: *)?([\w.]*(?:Error|Exception|Failed)\b:? .*)", text, re.M)
    if raised:
        return raised[-1]
    lines = [line for line in text.splitlines() if line.strip()]
    banner = next((i for i, line in enumerate(lines) if i and re.fullmatch(r"-{20,}", line.strip())), len(lines))
    return "\n".join(lines[:banner][-3:])


class Worker:
    """A worker process on given cores, asked over its standard input."""

    def __init__(self, bench, cpus, *arguments, **environment):
        self.errors = tempfile.TemporaryFile(dir=bench.scratch)
        self.name, self.open = arguments[0], True
        self.process = subprocess.Popen(
            [bench.options.python, os.path.abspath(__file__), "--worker", *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=dict(bench.environment, **environment),
            preexec_fn=lambda: os.sched_setaffinity(0, cpus), start_new_session=True)
        bench.keep.callback(self.close)

    def send(self, *arguments):
        try:
            self.process.stdin.write(json.dumps(arguments).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail("ended")

    def receive(self):
        """The next answer; other output is skipped."""
        end = time.monotonic() + PATIENCE
        while True:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                self.fail(f"gave no answer in {PATIENCE} s")
            line = self.process.stdout.readline()
            if not line:
                self.fail("ended")
            if line.startswith(b"@"):
                return json.loads(line[1:])

    def ask(self, *arguments):
        self.send(*arguments)
        return self.receive()

    def fail(self, what):
        self.close()
        self.errors.seek(0)
        raise Failed(f"worker {self.name} {what}: {reason(self.errors.read().decode(errors='replace'))}")

    def close(self):
        """Ends the worker and whatever it started."""
        if not self.open:
            return
        self.open = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class TorchTraining:
    """A training in PyTorch in one configuration, alive between rounds."""

    def __init__(self, bench, preset, loss, processes, compiled, channels_last):
        self.batch, self.workers = bench.options.batch_size, []
        meeting = tempfile.mktemp(dir=bench.scratch)
        cores = bench.cores if processes > 1 else [set.union(*bench.cores)]
        for rank, cpus in enumerate(cores):
            job = {"preset": preset, "loss": loss, "processes": processes, "compile": compiled, "meeting": meeting,
                   "channels_last": channels_last, "threads": 2 // processes, "rank": rank, "batch": self.batch,
                   "data": bench.data}
            self.workers.append(Worker(bench, cpus, "train", json.dumps(job), OMP_NUM_THREADS=str(job["threads"]),
                                       GLOO_SOCKET_IFNAME="lo", TORCHINDUCTOR_CACHE_DIR=bench.folder("inductor"),
                                       **bench.torch_environment))
        self.megabytes = 0

    def measure(self, warmup, steps):
        """Images a second."""
        for worker in self.workers:
            worker.send(warmup, steps)
        answers = [worker.receive() for worker in self.workers]
        self.megabytes = max(a["megabytes"] for a in answers)
        if not all(a["loss"] == a["loss"] for a in answers):
            raise Failed("PyTorch's loss is not a number")
        return steps * self.batch / max(a["seconds"] for a in answers)

    def start(self):
        for worker in self.workers:
            worker.receive()

    def close(self):
        for worker in self.workers:
            worker.close()


class Bench:
    """Options, scratch space, and how the programs are started."""

    def __init__(self, options, scratch, keep):
        self.options, self.scratch, self.keep, self.rows, self.screened = options, scratch, keep, [], {}
        self.torch_best = self.torch_megabytes = None # of the row `lwssim`
        self.environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", OMPI_ALLOW_RUN_AS_ROOT="1",
                                OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        if not options.keep_env:
            for name in CHOOSING:
                self.environment.pop(name, None)
        self.torch_environment = {**KEEP_MEMORY, **dict(options.torch_env)}
        self.cores = cpu_cores()[:2]
        self.program = shutil.which(options.lwssim) or options.lwssim
        self.kernel = self.kernel_why = None
        self.count = itertools.count()
        self.data = options.data

    def folder(self, name):
        path = os.path.join(self.scratch, name)
        os.makedirs(path, exist_ok=True)
        return path

    def new_folder(self, name):
        return os.path.join(self.scratch, f"{name}-{next(self.count)}")

    def run(self, command, cpus=None, **environment):
        """Runs to the end; standard output and error. Raises Failed."""
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, env=dict(self.environment, **environment),
                              preexec_fn=cpus and (lambda: os.sched_setaffinity(0, cpus)))
        if done.returncode != 0:
            raise Failed(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{reason(done.stderr)}")
        return done.stdout, done.stderr

    def mpirun(self, ranks):
        return ["mpirun", "-n", ranks, "--map-by", "core", "--bind-to", "core"]

    def train_command(self, run, steps, **keys):
        """`lwssim train` of `steps` steps; keys as on the command line, None for a switch."""
        keys = {"data": self.data, "preset": "dcgan64", "threads": 1, "batch_size": self.options.batch_size,
                "micro_batches": self.options.micro_batches, "windows": ",".join(map(str, WINDOWS)),
                "log_every": self.options.warmup, "eval_every": 0, "checkpoint_every": 0, **keys}
        command = [self.program, "train", "--run", run, "--steps", steps]
        for key, value in keys.items():
            command += ["--" + key.replace("_", "-"), *([] if value is None else [value])]
        return command

    def train(self, ranks, warmup, steps, **keys):
        """Images a second of the steps after the warm-up, from the run's own log."""
        run = self.new_folder("run")
        keys.setdefault("log_every", warmup)
        _, text = self.run(self.mpirun(ranks) + self.train_command(run, warmup + steps, **keys))
        self.note_kernel(text)
        with open(os.path.join(run, "metrics.jsonl")) as file:
            lines = [line for line in map(json.loads, file) if line["type"] == "train"]
        shutil.rmtree(run)
        images = seconds = at = 0
        for line in lines:
            if line["step"] > warmup:
                part = (line["step"] - at) * keys.get("batch_size", self.options.batch_size)
                images, seconds = images + part, seconds + part / line["images_per_second"]
            at = line["step"]
        return images / seconds

    def note_kernel(self, text):
        found = re.search(r"matrix kernel (\S+) \(([^)]*)\)", text)
        if found:
            self.kernel, self.kernel_why = found.groups()

    def library(self, name):
        """Path of a library the program loads, as the loader finds it."""
        found = re.search(rf"{name}\S* => (\S+)", self.run(["ldd", self.program])[0])
        if not found:
            raise Failed(f"{self.program} does not load {name}: is it linked statically?")
        return found.group(1)

    def alternate(self, contenders, most=99):
        """{name: [result a round]}; every second round goes backwards. A contender is a function."""
        results = {name: [] for name in contenders}
        for turn in range(min(self.options.rounds, most)):
            for name in list(contenders)[::-1 if turn % 2 else 1]:
                value = contenders[name]()
                results[name].append(value)
                say(f"  round {turn + 1}: {name}: " + (f"{value:.4g}" if isinstance(value, float) else str(value)))
        return results

    def add(self, what, unit, ours, peer=None, configuration="", at_least=None, at_most=None, low_is_good=False):
        """A row. `at_least` is a target of the ratio, `at_most` one of our own figure."""
        row = {"what": what, "unit": unit, "lwssim": statistics.median(ours), "lwssim_rounds": ours, "peer": None,
               "configuration": configuration, "ratio": None, "at_least": at_least, "at_most": at_most, "met": None}
        if peer:
            pairs = [(b, a) if low_is_good else (a, b) for a, b in zip(ours, peer)]
            row.update(peer=statistics.median(peer), peer_rounds=peer, ratios=[a / b for a, b in pairs])
            row["ratio"] = statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)
        if at_least is not None:
            row["met"] = row["ratio"] >= at_least
        elif at_most is not None:
            row["met"] = row["lwssim"] <= at_most
        self.rows.append(row)


# ---- rows ------------------------------------------------------------------------------------------------

def configuration_name(processes, compiled, channels_last):
    return ", ".join(("DDP 2 × 1 thread" if processes == 2 else "1 × 2 threads", "compiled" if compiled else "eager",
                      "channels_last" if channels_last else "contiguous"))


def configurations():
    """(processes, compiled, channels_last) of PyTorch by name, those that start quickest first."""
    return {configuration_name(p, c, last): (p, c, last)
            for c, p, last in itertools.product((False, True), (2, 1), (True, False))}


def not_worth_compiling(bench, found, processes, compiled, channels_last):
    """Why a configuration can be left out, from the figures of the eager ones; None if it cannot."""
    if not compiled:
        return None
    if bench.options.no_compile:
        return "not tried: --no-compile"
    this, other = (found.get(configuration_name(processes, False, layout)) for layout in (channels_last, not channels_last))
    if not bench.options.thorough and all(isinstance(f, float) for f in (this, other)) and this < BEHIND * other:
        return "not tried: this layout is far behind in eager mode"
    return None


def try_out(bench, preset, loss, how):
    """A training that has run its first step, and its speed."""
    training = TorchTraining(bench, preset, loss, *how)
    try:
        training.start()
        training.measure(1, 1)      # compiles
        return training, max(training.measure(0, bench.options.screen) for _ in range(2))
    except Failed:
        training.close()
        raise


def screen(bench, preset, loss, wanted=None):
    """Tries PyTorch's configurations: {name: training}, alive, of the fastest and of one close to it."""
    found = bench.screened.setdefault(f"{preset} {loss}", {})
    best = []
    for name, how in configurations().items():
        if wanted and name != wanted:
            continue
        found[name] = not_worth_compiling(bench, found, *how)
        if found[name]:
            continue
        try:
            training, found[name] = try_out(bench, preset, loss, how)
        except Failed as failure:
            found[name] = f"failed: {failure}"
            say(f"  PyTorch, {name}: {found[name]}")
            continue
        say(f"  PyTorch, {name}: {found[name]:.4g} images/s at first sight")
        best = sorted(best + [(found[name], name, training)], key=lambda b: -b[0])
        while len(best) > 2 or (len(best) == 2 and best[1][0] < CLOSE * best[0][0]):
            best.pop()[2].close()
    if not best:
        raise Failed("no configuration of PyTorch works: " + "; ".join(f"{k}: {v}" for k, v in found.items()))
    return {name: training for _, name, training in best}


def race(bench, label, preset, loss, warmup, steps, wanted=None, at_least=None, rounds=99):
    """Training on two cores: a row, and the fastest configuration of PyTorch with its memory."""
    trainings = screen(bench, preset, loss, wanted)
    try:
        contenders = {"lwssim": lambda: bench.train(2, warmup, steps, preset=preset, loss=loss)}
        for name, training in trainings.items():
            contenders[name] = lambda t=training: t.measure(min(warmup, 2), steps)
        results = bench.alternate(contenders, rounds)
        ours = results.pop("lwssim")
        name = max(results, key=lambda key: statistics.median(results[key]))
        bench.add(label, "images/s", ours, results[name], name, at_least=at_least)
        return name, trainings[name].megabytes
    finally:
        for training in trainings.values():
            training.close()


def row_lwssim(bench):
    o = bench.options
    bench.torch_best, bench.torch_megabytes = race(bench, "training, LWSSIM of 5 windows, 2 cores", "dcgan64", "lwssim",
                                                   o.warmup, o.steps, at_least=3.)


def row_mse(bench):
    o = bench.options
    race(bench, "training, MSE, 2 cores", "dcgan64", "mse", o.warmup, o.steps, at_least=2.)


def row_wae(bench):
    """In PyTorch's best configuration of the row `lwssim`, if that ran, and in two rounds: a step takes seconds."""
    warmup, steps = bench.options.wae
    race(bench, "training, wae64, LWSSIM of 5 windows, 2 cores", "wae64", "lwssim", warmup, steps, bench.torch_best,
         rounds=2)


def row_scaling(bench):
    o = bench.options

    def run(ranks):
        return bench.train(ranks, 2, max(1, o.steps // 2), loss="lwssim", batch_size=128, micro_batches=2)
    results = bench.alternate({f"{ranks} ranks": lambda r=ranks: run(r) for ranks in (2, 1)})
    bench.add("2 ranks over 1, LWSSIM of 5 windows, batch 128", "images/s", results["2 ranks"], results["1 ranks"],
              "lwssim, 1 rank", at_least=1.9)


def products_of_dcgan64():
    """Multiply-adds a forward pass of one image takes, layer by layer, counted directly."""
    channels = (CHANNELS, 64, 128, 256, 512)
    down = [16 * a * b * (SIDE >> level) ** 2 for level, (a, b) in enumerate(zip(channels, channels[1:]), 1)]
    dense = 512 * 16 * LATENT["dcgan64"]
    return [*down, dense, dense, *down[::-1]]


def flops_of_dcgan64():
    """Operations of one image in one step: forward, and backward to data and to weights, but not to the images."""
    products = products_of_dcgan64()
    return 2 * (3 * sum(products) - products[0])


def row_flops(bench):
    """The step on one core with MSE, whose own work is negligible, by the direct count."""
    o, gflop = bench.options, flops_of_dcgan64() / 1e9
    rate = bench.train(1, 1, 1, loss="mse", micro_batches=1) # and learns which kernel runs
    kernel = {"OPENBLAS_CORETYPE": bench.kernel} if bench.kernel_why != "as OpenBLAS chose" else {}
    worker = Worker(bench, bench.cores[0], "sgemm", bench.library("libopenblas"), OPENBLAS_NUM_THREADS="1", **kernel)
    try:
        core = worker.receive()
        if core != bench.kernel:
            raise Failed(f"SGEMM runs with the kernel {core}, lwssim with {bench.kernel}")
        say(f"  {gflop:.4f} GFLOP an image; kernel {core}; {rate:.0f} images/s at first sight")
        results = bench.alternate({
            "lwssim": lambda: gflop * bench.train(1, o.warmup, o.steps, loss="mse", micro_batches=1),
            "SGEMM": lambda: worker.ask(10)})
    finally:
        worker.close()
    bench.add(f"training, MSE, 1 core, {gflop:.3f} GFLOP an image", "GFLOP/s", results["lwssim"], results["SGEMM"],
              f"SGEMM 2048³, {core}", at_least=1.15)


def row_shares(bench):
    """Shares of the step, from `train --profile`: the loss with its default windows, and all but convolutions."""
    def shares():
        out, text = bench.run(bench.mpirun(2) + bench.train_command(
            bench.new_folder("run"), bench.options.warmup + bench.options.steps, loss="lwssim", windows="3,7,11",
            profile=None))
        kinds = (out + text).split("of the steps, by kind of work")[1]
        return {kind: float(re.search(rf"^ +{kind} +\S+ +(\S+)$", kinds, re.M).group(1))
                for kind in ("loss", "all but convolutions")}

    results = bench.alternate({"shares": shares})["shares"]
    bench.add("loss of windows 3,7,11, part of the step, 2 ranks", "%", [r["loss"] for r in results], at_most=3.)
    bench.add("all but convolutions (and the batch norms they compute), part of the step", "%",
              [r["all but convolutions"] for r in results], at_most=12.)


def row_loss(bench):
    cpus, repeats = set.union(*bench.cores), 5 if bench.options.quick else 20
    with contextlib.ExitStack() as stack:
        ours = Worker(bench, cpus, "library-loss", bench.library("liblwssim"), OMP_NUM_THREADS="2")
        stack.callback(ours.close)
        theirs = Worker(bench, cpus, "msssim", 2, OMP_NUM_THREADS="2", **bench.torch_environment)
        stack.callback(theirs.close)
        for worker in (ours, theirs):
            worker.receive()
        layouts = ("contiguous_format", "channels_last")
        results = bench.alternate({
            "windows 3,7,11": lambda: 1e3 * ours.ask((3, 7, 11), repeats),
            **{layout: lambda l=layout: 1e3 * theirs.ask(l, max(3, repeats // 3)) for layout in layouts},
            "5 windows": lambda: 1e3 * ours.ask(WINDOWS, repeats)})
    times = {layout: statistics.median(results[layout]) for layout in layouts}
    layout, slow = sorted(layouts, key=times.get)
    for windows, target in (("windows 3,7,11", 20.), ("5 windows", 20.)):
        bench.add(f"loss and gradient, 64 images, 2 cores: LWSSIM, {windows}", "ms", results[windows], results[layout],
                  f"pytorch-msssim's SSIM, {layout} ({slow}: {times[slow]:.1f} ms)", at_least=target, low_is_good=True)


def many_images(source, target, count):
    """A zip that repeats the images of another under `count` names."""
    with zipfile.ZipFile(source) as archive:
        images = [archive.read(info) for info in archive.infolist() if info.filename.lower().endswith(".jpg")]
    if not images:
        raise Failed(f"{source} holds no .jpg")
    with zipfile.ZipFile(target, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i + 1:06d}.jpg", images[i % len(images)])


def row_prepare(bench):
    source, count, core = sample(), bench.options.prepare_images, bench.cores[0]
    if not source:
        return say("  left out: no celeba-sample/original-size.zip in $LWSSIM_SHARED")
    images = os.path.join(bench.scratch, "originals.zip")
    many_images(source, images, count)

    def ours():
        target, start = bench.new_folder("prepared"), time.perf_counter()
        bench.run([bench.program, "prepare", "--input", images, "--output", target, "--recipe", "celeba", "--split",
                   "0.9,0.05,0.05"], core)
        seconds = time.perf_counter() - start
        shutil.rmtree(target)
        return count / seconds

    def theirs():
        worker = Worker(bench, core, "pillow", images, os.path.join(bench.scratch, "pillow.h5"))
        try:
            return count / worker.receive()
        finally:
            worker.close()
    results = bench.alternate({"lwssim": ours, "Pillow": theirs})
    bench.add(f"prepare, 178 × 218 to 64 × 64, {count} images, 1 core", "images/s", results["lwssim"], results["Pillow"],
              "Pillow + h5py", at_least=2.)


def sample():
    """Original-size images of the Celeb-A sample, or None."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared")
    path = os.path.join(os.environ.get("LWSSIM_SHARED", beside), "celeba-sample", "original-size.zip")
    return path if os.path.exists(path) else None


def row_memory(bench):
    """Of whole short runs, so that the last evaluation and checkpoint count."""
    for label, ranks, micro_batches in (("2 ranks", 2, bench.options.micro_batches), ("1 rank, one micro-batch", 1, 1)):
        folder = bench.new_folder("rss")
        os.makedirs(folder)
        command = bench.train_command(bench.new_folder("run"), 4, loss="lwssim", micro_batches=micro_batches)
        wrapper = [bench.options.python, os.path.abspath(__file__), "--worker", "rss", folder]
        bench.run(bench.mpirun(ranks) + wrapper + command)
        most = max(float(open(path).read()) for path in glob.glob(os.path.join(folder, "*")))
        torch = bench.torch_megabytes if ranks == 2 else None
        bench.add(f"resident memory a rank, batch {bench.options.batch_size}, {label}", "MB", [most], torch and [torch], torch and bench.torch_best,
                  at_most=600., low_is_good=True)


def row_start(bench):
    if not bench.options.big and not bench.options.big_data:
        return say("  left out: --big makes its dataset (2.4 GB)")
    data = bench.options.big_data or bench.folder("big")
    if not bench.options.big_data:
        say("  drawing 201,000 faces")
        bench.run(bench.mpirun(2) + [bench.program, "prepare", "--synthetic", 201000, "--split", "0.996,0.002,0.002",
                                     "--overwrite", "--output", data])
    for path in glob.glob(os.path.join(data, "*.h5")): # into the page cache
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass
    results = bench.alternate({"lwssim": lambda: first_step(bench, data)})["lwssim"]
    images = results[0][1]
    bench.add(f"start of train to the end of its first step, {images:,} images", "s", [seconds for seconds, _ in results],
              at_most=2. if images >= 200000 else None)


def first_step(bench, data):
    """Seconds until the line of step 1 is shown, and how many images there are to train on."""
    command = bench.mpirun(2) + bench.train_command(bench.new_folder("run"), 2, loss="lwssim", data=data)
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, env=bench.environment)
    seconds, text = None, b""
    for line in process.stderr:
        text += line
        if seconds is None and line.startswith(b"step 1/"):
            seconds = time.perf_counter() - start
    text = text.decode(errors="replace")
    images = re.search(r"(\d+) training", text)
    if process.wait() != 0 or seconds is None or not images:
        raise Failed(f"{' '.join(map(str, command))}: {reason(text)}")
    return seconds, int(images.group(1))


ROWS = {"lwssim": row_lwssim, "mse": row_mse, "scaling": row_scaling, "flops": row_flops, "shares": row_shares, "loss": row_loss,
        "prepare": row_prepare, "memory": row_memory, "wae": row_wae, "start": row_start}


# ---- report ----------------------------------------------------------------------------------------------

def number(value):
    return "–" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(rows):
    """Markdown, columns aligned."""
    lines = [["what", "", "lwssim", "peer", "configuration of the peer", "ratio", "rounds", "target", ""],]
    for r in rows:
        ratios = r.get("ratios")
        spread = f"{min(ratios):.2f}–{max(ratios):.2f}" if ratios else "–"
        target = (f"≥ {r['at_least']:g}" if r["at_least"] is not None else
                  f"≤ {r['at_most']:g} {r['unit']}" if r["at_most"] is not None else "–")
        lines.append([r["what"], r["unit"], number(r["lwssim"]), number(r["peer"]), r["configuration"] or "–",
                      "–" if r["ratio"] is None else f"{r['ratio']:.2f}", spread, target,
                      {True: "met", False: "MISSED", None: ""}[r["met"]]])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


def machine(bench, versions):
    """What the figures depend on."""
    with open("/proc/cpuinfo") as file:
        cpu = dict(re.findall(r"^(.*?)\s*: (.*)$", file.read(), re.M))
    return {"cpu": cpu.get("model name", platform.machine()) +
                   (f", family {cpu['cpu family']}, model {cpu['model']}" if "cpu family" in cpu else ""),
            "cpus": os.cpu_count(), "load": os.getloadavg()[0], "kernel": platform.release(),
            "lwssim": bench.run([bench.program, "--version"])[0].split()[-1],
            "blas_kernel": bench.kernel and f"{bench.kernel} ({bench.kernel_why})", **versions}


def show(bench, facts):
    print(f"CPU {facts['cpu']}, {facts['cpus']} CPUs, load {facts['load']:.2f} at the start; Linux {facts['kernel']}")
    print(f"lwssim {facts['lwssim']}, matrix kernel {facts['blas_kernel'] or 'not shown'}; PyTorch {facts['torch']}, oneDNN "
          f"{facts.get('oneDNN', '?')}, {facts.get('instructions', '?')}; pytorch-msssim {facts['pytorch_msssim']}, "
          f"Pillow {facts['PIL']}, h5py {facts['h5py']}\n")
    print(table(bench.rows))
    if bench.options.quick:
        print("(--quick: too short to judge by)")
    if int(facts["torch"].split(".")[0]) < 2:
        print("(PyTorch before 2: the targets are meant for a current one)")
    for case, found in bench.screened.items():
        left_out = {name: why for name, why in found.items() if isinstance(why, str)}
        print(f"\nPyTorch at first sight, {case}, images/s: " +
              "; ".join(f"{name} {rate:.0f}" for name, rate in found.items() if name not in left_out))
        for name, why in left_out.items():
            print(f"  {name} {why}")


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lwssim", default=os.environ.get("LWSSIM", "lwssim"), help="the program [environment LWSSIM]")
    p.add_argument("--python", default=sys.executable, help="a Python that has PyTorch [this one]")
    p.add_argument("--data", help="dataset folder of 64 × 64 images [4,096 synthetic faces, made first]")
    p.add_argument("--only", help=f"rows to run, of {','.join(ROWS)} [all]")
    p.add_argument("--rounds", type=int, default=3, help="alternations [3]")
    p.add_argument("--steps", type=int, default=20, help="steps timed a round [20]")
    p.add_argument("--warmup", type=int, default=5, help="steps before them, and between lines of lwssim's log [5]")
    p.add_argument("--batch-size", type=int, default=64, help="images a step, both sides [64]")
    p.add_argument("--micro-batches", type=int, default=2, help="of lwssim on 2 ranks [2]")
    p.add_argument("--prepare-images", type=int, default=6000, help="images to prepare [6000]")
    p.add_argument("--thorough", action="store_true", help="compile every layout")
    p.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    p.add_argument("--torch-env", action="append", default=[], metavar="NAME=VALUE", help="set for PyTorch only")
    p.add_argument("--keep-env", action="store_true", help="keep variables that choose kernels and threads")
    p.add_argument("--big", action="store_true", help="with the row start: draws 200,000 images first")
    p.add_argument("--big-data", metavar="DIR", help="the row start on this dataset")
    p.add_argument("--quick", action="store_true", help="one short round: shows that all works, figures are noise")
    p.add_argument("--json", metavar="FILE", help="all figures, of single rounds too; - for standard output")
    p.add_argument("--strict", action="store_true", help="exit with 1 where a target is missed")
    o = p.parse_args()
    o.screen, o.wae = 3, (1, 2)
    if o.quick:
        o.rounds, o.steps, o.warmup, o.prepare_images, o.screen, o.wae = 1, 4, 2, 600, 1, (1, 1)
    o.only = o.only.split(",") if o.only else list(ROWS)
    o.torch_env = [setting.split("=", 1) for setting in o.torch_env]
    if set(o.only) - set(ROWS):
        p.error(f"--only takes some of {','.join(ROWS)}")
    if o.batch_size % 2 or any(len(setting) != 2 for setting in o.torch_env):
        p.error("--batch-size must be even, --torch-env of the form NAME=VALUE")
    return o


def get_versions(bench):
    """Skips everything without PyTorch and two cores, and single rows without their packages."""
    import peer
    if len(bench.cores) < 2:
        peer.skip("this needs two cores")
    worker = Worker(bench, os.sched_getaffinity(0), "versions")
    versions = worker.receive()
    worker.close()
    for module in ("torch", "numpy", "h5py"):
        if versions[module] is None:
            peer.skip(f"the Python at {bench.options.python} has no {module}: name another with --python")
    for row, module in (("loss", "pytorch_msssim"), ("prepare", "PIL")):
        if row in bench.options.only and versions[module] is None:
            say(f"{row}: left out, {bench.options.python} has no {module}")
            bench.options.only.remove(row)
    return versions


def main():
    options, start = parse(), time.monotonic()
    failed = False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, contextlib.ExitStack() as keep:
        bench = Bench(options, scratch, keep)
        versions = get_versions(bench)
        facts = machine(bench, versions)
        if not bench.data:
            bench.data = os.path.join(scratch, "faces")
            bench.run([bench.program, "prepare", "--synthetic", 4096, "--split", "0.96,0.02,0.02", "--output", bench.data])
        for row in (row for row in ROWS if row in options.only):
            say(f"{row}, at {time.monotonic() - start:.0f} s:")
            try:
                ROWS[row](bench)
            except (Failed, OSError) as failure:
                failed = True
                print(f"FAIL  {row}: {failure}", flush=True)
        facts["blas_kernel"] = bench.kernel and f"{bench.kernel} ({bench.kernel_why})"
        show(bench, facts)
        print(f"\n{time.monotonic() - start:.0f} s, {options.rounds} rounds")
        if options.json:
            text = json.dumps({"machine": facts, "options": vars(options), "rows": bench.rows,
                               "pytorch_at_first_sight": bench.screened}, indent=1, ensure_ascii=False)
            print(text) if options.json == "-" else open(options.json, "w").write(text + "\n")
    return int(failed or (options.strict and any(row["met"] is False for row in bench.rows)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        sys.exit(WORKERS[sys.argv[2]](*sys.argv[3:]))
    try:
        sys.exit(main())
    except (Failed, OSError) as failure: # OSError: a program is not there
        print(f"FAIL  {failure}")
        sys.exit(1)
