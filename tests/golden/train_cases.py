"""The golden training runs: their images, their keys, and how a tensor is put into two numbers.

Images are integers by a formula, which tests/mpi/test_golden_run.c has too. What is not among the keys of a run is at the
default of `lwssim train`. Every key that changes a result is off its default in some run.
"""
import os
import re
import textwrap

import numpy as np

from golden_data import golden_values

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train_golden.h")
IMAGES = 32  # train, valid and test together: 23, 5 and 4
SPLITS = ("train", "valid", "test")
METRICS = ("ssim_g11", "ssim_u7", "ms_ssim3", "mse", "psnr")

# Of a loss over windows every case names them: the program's own are others than these.
DEFAULTS = {
    "preset": "dcgan64", "model": "ae", "base-channels": 0, "latent": 0, "kl-weight": 1., "mmd-weight": 100.,
    "prior-sigma": 1., "loss": "lwssim", "recon-weight": 0., "windows": "3,7,11", "window-weights": "1", "luminance-weights": "-1",
    "window-shape": "uniform", "ssim-window": 11, "ssim-shape": "gaussian", "sigma": 0., "alpha": 1., "beta": 1.,
    "gamma": 1., "k1": .01, "k2": .03, "c3": 0., "batch-size": 64, "micro-batches": 4, "epochs": 10, "steps": 0, "seed": 1,
    "lr": 1e-3, "schedule": "constant", "warmup-steps": 0, "lr-min": 0., "decay-every": 1000, "decay-factor": .5,
    "optimizer": "adam", "adam-beta1": .9, "adam-beta2": .999, "adam-epsilon": 1e-8,
    "lamb-beta1": .9, "lamb-beta2": .999, "lamb-epsilon": 1e-6, "weight-decay": 0., "clip-norm": 0., "bn-momentum": .1,
    "eval-every": "1epoch",
}

# name, (side, channels) of the images, keys. Seeds are such that no ReLU's input comes near 0 (see train_reference.py).
CASES = [
    # Nothing but sizes is off its default.
    ("ae-mse", (16, 1), "preset=tiny16 loss=mse base-channels=4 batch-size=12 micro-batches=4 steps=10"),
    # Gradients of norm below and above the limit, a rise and a fall of the rate, decay of weights.
    ("ae-ssim", (16, 3), "preset=tiny16 loss=ssim base-channels=6 latent=5 batch-size=6 micro-batches=3 steps=10 seed=89 "
     "recon-weight=3.5 ssim-window=7 ssim-shape=uniform k1=0.05 k2=0.1 lr=0.004 schedule=cosine warmup-steps=3 "
     "lr-min=0.0005 adam-beta1=0.8 adam-beta2=0.95 adam-epsilon=0.001 weight-decay=5 clip-norm=1.5 bn-momentum=0.25"),
    ("ae-lwssim", (16, 1), "preset=tiny16 loss=lwssim base-channels=4 latent=9 batch-size=12 micro-batches=6 steps=10 "
     "seed=20 windows=1,4,9 window-weights=3,0.5,1.25 window-shape=gaussian alpha=2 k1=0.3 lr=0.01 schedule=step "
     "decay-every=3 decay-factor=0.6 warmup-steps=2 adam-epsilon=0.0001 bn-momentum=0.3 eval-every=4"),
    ("vae-mse", (16, 3), "preset=tiny16 model=vae loss=mse base-channels=4 latent=6 batch-size=8 micro-batches=4 steps=10 "
     "seed=44 kl-weight=0.7 lr=0.002 clip-norm=13 adam-beta1=0.5 adam-epsilon=0.01 weight-decay=0.8 eval-every=0"),
    # Exponents and constants at which contrast and structure stand apart.
    ("vae-ssim", (16, 1), "preset=tiny16 model=vae loss=ssim base-channels=5 latent=4 batch-size=4 micro-batches=4 "
     "epochs=2 seed=27 sigma=2.5 alpha=0.5 beta=1.5 gamma=0.7 c3=0.002 lr=0.003 schedule=step decay-every=4 "
     "decay-factor=0.25 adam-beta2=0.9 adam-epsilon=0.001"),
    ("vae-lwssim", (32, 3), "preset=tiny16 model=vae base-channels=4 latent=7 batch-size=6 micro-batches=3 steps=10 seed=70 windows=3,7,11 "
     "recon-weight=40 kl-weight=0.25 lr=0.005 schedule=cosine lr-min=0.001 adam-epsilon=0.001 weight-decay=0.01"),
    ("mmd-ae-mse", (16, 3), "preset=tiny16 model=mmd-ae loss=mse base-channels=4 latent=3 batch-size=9 micro-batches=3 "
     "steps=10 seed=41 lr=0.002 adam-epsilon=0.001 bn-momentum=0.5"),
    ("mmd-ae-ssim", (16, 1), "preset=tiny16 model=mmd-ae loss=ssim base-channels=4 latent=8 batch-size=10 micro-batches=5 "
     "steps=10 seed=51 prior-sigma=2.5 mmd-weight=7 ssim-window=8 sigma=1.75 lr=0.004 adam-epsilon=0.001 clip-norm=2 "
     "eval-every=3"),
    # Channels in multiples of 16: convolutions by Winograd.
    ("mmd-ae-lwssim", (16, 3), "preset=tiny16 model=mmd-ae base-channels=16 latent=6 batch-size=8 micro-batches=4 steps=10 "
     "seed=69 recon-weight=25 windows=2,5 window-weights=2 alpha=3 beta=2 gamma=2 prior-sigma=0.5 mmd-weight=30 lr=0.002 "
     "adam-epsilon=0.001 eval-every=5"),
    ("wae64", (32, 3), "preset=wae64 loss=mse base-channels=4 latent=5 batch-size=9 micro-batches=3 steps=4 seed=134 "
     "recon-weight=2 lr=0.003 adam-beta1=0.5 adam-epsilon=0.01"),
    # The other optimizer: decay, clipping, and tensors that are cut across ranks.
    ("ae-lamb", (16, 3), "preset=tiny16 loss=ssim base-channels=16 latent=7 batch-size=6 micro-batches=3 steps=10 seed=13 "
     "recon-weight=3 optimizer=lamb lamb-beta1=0.8 lamb-beta2=0.95 lamb-epsilon=0.001 weight-decay=0.3 clip-norm=1.5 "
     "lr=0.01 schedule=step decay-every=4 warmup-steps=2 eval-every=5"),
    # One step that changes no weight leaves the initial weights, the first gradient and the first statistics.
    ("first-ae", (64, 1), "preset=tiny16 windows=3,7,11 batch-size=6 micro-batches=3 steps=1 seed=4503599627370016 "
     "lr=0 bn-momentum=1"),
    # More parameters than go into one message: norms, clipping and updates piece by piece.
    ("first-vae", (32, 3), "preset=dcgan64 model=vae loss=ssim batch-size=6 micro-batches=3 steps=1 seed=9 lr=0 "
     "bn-momentum=1 clip-norm=60"),
    ("large-mmd-ae", (32, 1), "preset=dcgan64 model=mmd-ae windows=3,7,11 batch-size=6 micro-batches=3 steps=2 seed=6 lr=0.002 "
     "adam-epsilon=0.01"),
]


def options_of(text):
    """All keys of a run, as numbers where they are."""
    options = dict(DEFAULTS)
    for pair in text.split():
        key, value = pair.split("=")
        options[key] = type(DEFAULTS[key])(value)
    return options


# ---- images ----------------------------------------------------------------------------------------

def wave(t, p):
    """A triangle of height p and period 2p."""
    return abs(t % (2 * p) - p)


def image(k, side, channels):
    """Number k: uint8 [side, side, channels]."""
    i, j, c = np.meshgrid(np.arange(side), np.arange(side), np.arange(channels), indexing="ij")
    slope, turn = 3 + k * 5 % 7, 2 + k * 3 % 5
    grain = (131 * k + 17 * i + 29 * j + 53 * c) * 7919 % 41
    return (30 + wave(slope * i + turn * j + 41 * c + 23 * k, 80) + wave(11 * turn * j + 5 * i + 60 * c + 7 * k, 50)
            + grain).astype(np.uint8)


def split_of(k):
    return {3: "valid", 5: "test"}.get(k % 7, "train")


def images(split, side, channels):
    """uint8 [n, side, side, channels], in the order of their numbers."""
    return np.stack([image(k, side, channels) for k in range(IMAGES) if split_of(k) == split])


# ---- two numbers that fix a tensor ------------------------------------------------------------------

_weights = {}


def marks(index, array):
    """The norm, and a projection on weights that the number of the tensor among those of its model selects."""
    flat = np.asarray(array, float).ravel()
    key = index, flat.size
    if key not in _weights:
        _weights[key] = golden_values(100 + index, flat.size)
    return float(np.sqrt(flat @ flat)), float(_weights[key] @ flat)


# ---- the header ---------------------------------------------------------------------------------------

PREAMBLE = """/* Training runs in double precision, made by train_reference.py: see there, and train_cases.py for the images and the
 * two numbers that a tensor is told by. */
#include <math.h>

typedef struct golden_step {
    double loss, recon, kl, mmd, gradient_norm, lr;
    int rows; /* of the images, Σ (i + 1) · row[i] */
} golden_step;

typedef struct golden_evaluation {
    int step;
    double metric[5]; /* ssim_g11, ssim_u7, ms_ssim3, mse, psnr */
} golden_evaluation;

typedef struct golden_tensor {
    const char *name;
    int state, count;
    double marks[6]; /* norm and projection of itself, of Adam's m, and of v; the first two of a statistic */
} golden_tensor;

typedef struct golden_run {
    const char *name;
    int side, channels;
    const char *keys;
    int steps;
    const golden_step *step;
    int evaluations;
    const golden_evaluation *evaluation; /* of the validation split */
    int tensors;
    const golden_tensor *tensor;     /* after the last step */
    double test[5], test_errors[5]; /* metrics of the test split, and their standard errors */
} golden_run;

"""


def rows_mark(rows):
    return int(sum((i + 1) * int(row) for i, row in enumerate(rows)))


def number(value):
    return "NAN" if value != value else f"{value:.11g}"


def write_golden(runs, path=HEADER):
    """runs: (name, (side, channels), keys, steps, evaluations, test, tensors) as train_reference.run() gives them."""
    with open(path, "w") as out:
        out.write(PREAMBLE)
        for name, shape, keys, steps, evaluations, test, tensors in runs:
            tag = name.replace("-", "_")
            out.write(f"static const golden_step {tag}_steps[] = {{\n")
            for step in steps:
                out.write("    {" + ", ".join(number(v) for v in step[:6]) + f", {step[6]}}},\n")
            out.write(f"}};\nstatic const golden_evaluation {tag}_evaluations[] = {{\n")
            for step, values in evaluations:
                out.write(f"    {{{step}, {{" + ", ".join(map(number, values)) + "}},\n")
            out.write(f"}};\nstatic const golden_tensor {tag}_tensors[] = {{\n")
            for tensor, state, count, values in tensors:
                out.write(f'    {{"{tensor}", {int(state)}, {count}, {{' + ", ".join(f"{v:.7g}" for v in values) + "}},\n")
            out.write("};\n\n")
        out.write("static const golden_run golden_runs[] = {\n")
        for name, shape, keys, steps, evaluations, test, tensors in runs:
            tag = name.replace("-", "_")
            lines = "\n".join(f'     "{line} "' for line in textwrap.wrap(keys, 110, break_on_hyphens=False))
            out.write(f'    {{"{name}", {shape[0]}, {shape[1]},\n{lines[:-2]}",\n'
                      f"     {len(steps)}, {tag}_steps, {len(evaluations)}, {tag}_evaluations, {len(tensors)}, "
                      f"{tag}_tensors,\n     {{" + ", ".join(map(number, test[0])) + "},\n     {"
                      + ", ".join(map(number, test[1])) + "}},\n")
        out.write("};\n")


def read_golden(path=HEADER):
    """{name: (steps, evaluations, tensors)} of the header: lists of numbers, {name: numbers} for tensors."""
    runs, text = {}, open(path).read()
    for tag, kind, body in re.findall(r"golden_\w+ (\w+)_(steps|evaluations|tensors)\[\] = \{\n(.*?)\n\};", text, re.S):
        lines = []
        for line in body.split("\n"):
            fields = [f.strip() for f in line.replace("{", " ").replace("}", " ").split(",") if f.strip()]
            lines.append([f.strip('"') if f.startswith('"') else float(f) for f in fields])
        value = {line[0]: line[1:] for line in lines} if kind == "tensors" else lines
        runs.setdefault(tag.replace("_", "-"), {})[kind] = value
    return runs
