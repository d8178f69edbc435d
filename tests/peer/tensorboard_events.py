#!/usr/bin/env python3
"""Has the tensorboard package read the event files of a run: every scalar, picture and histogram.

Scalars are compared with metrics.jsonl, pictures with the files in images/ (and decoded by Pillow, where it is there),
histograms of weights with those that NumPy makes of the checkpoint of the same step, where h5py is there. The run is
resumed from a checkpoint that is not its last, so that values of the same steps stand in two files.

usage: tensorboard_events.py [--lwssim PROGRAM]
exit code: 0 all checks passed, 1 not, 77 a package is missing
"""
import argparse
import importlib
import io
import json
import math
import os
import struct
import tempfile

import peer

np, accumulator = peer.need("numpy", "tensorboard.backend.event_processing.event_accumulator")

STEPS = 12


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        print(f"without {name}")
        return None


def make_run(lwssim, folder):
    data, run = os.path.join(folder, "data"), os.path.join(folder, "run")
    lwssim("prepare", "--synthetic", 96, "--size", 16, "--split", "0.7,0.15,0.15", "--output", data)
    keys = ["--preset", "tiny16", "--batch-size", 16, "--model", "vae", "--windows", "3,7,11", "--log-every", 1,
            "--eval-every", 4, "--checkpoint-every", 4, "--keep", 9, "--tensorboard", "--steps", STEPS]
    lwssim("train", "--data", data, "--run", run, *keys)
    os.remove(peer.checkpoint_path(run, STEPS))
    lwssim("train", "--run", run, "--resume")
    return run


def single(value):
    """As the file has it: in 32 bits."""
    return struct.unpack("f", struct.pack("f", value))[0]


def check_scalars(checks, run, events):
    want = {}
    with open(os.path.join(run, "metrics.jsonl")) as file:
        for line in map(json.loads, file):
            for key, value in line.items():
                if isinstance(value, (int, float)) and key not in ("step", "epoch", "seconds", "images"):
                    want.setdefault(f"{line.get('split', line['type'])}/{key}", []).append((line["step"], single(value)))
    got = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    checks.true(want == got, f"scalars are those of metrics.jsonl: {sorted(want)} and {sorted(got)}")
    for tag in ("loss", "recon", "kl", "lr", "gradient_norm", "images_per_second"):
        steps = [step for step, _ in got.get(f"train/{tag}", [])]
        checks.true(steps == list(range(1, STEPS + 1)), f"train/{tag} once a step: {steps}")
    checks.true(len(got.get("valid/ssim_g11", [])) == 3, "an evaluation every four steps")


def check_pictures(checks, run, events):
    pillow = optional("PIL.Image")
    checks.true(events.Tags()["images"] == ["reconstructions"], f"pictures {events.Tags()['images']}")
    pictures = events.Images("reconstructions")
    checks.true([p.step for p in pictures] == [4, 8, 12], f"steps {[p.step for p in pictures]}")
    for p in pictures:
        with open(os.path.join(run, "images", f"step-{p.step:09d}.png"), "rb") as file:
            checks.true(file.read() == p.encoded_image_string, f"the picture of step {p.step}")
        if pillow:
            image = pillow.open(io.BytesIO(p.encoded_image_string))
            image.load()
            checks.true(image.format == "PNG" and image.size == (p.width, p.height), f"{image.format} {image.size}")


def check_histogram(checks, tag, h, values):
    """h against the values that it is of."""
    limits, counts = np.array(h.bucket_limit), np.array(h.bucket)
    edges = np.concatenate([[-np.inf], limits])
    below = np.searchsorted(np.sort(values), edges)     # a value on an edge is in the bucket above
    checks.true(np.array_equal(np.diff(below), counts), f"{tag}: the counts")
    checks.true((h.min, h.max, h.num) == (values.min(), values.max(), values.size), f"{tag}: min, max, num")
    size = np.abs(values).sum()
    checks.true(math.isclose(h.sum, math.fsum(values), abs_tol=1e-12 * size), f"{tag}: sum")
    checks.true(math.isclose(h.sum_squares, math.fsum(values ** 2), rel_tol=1e-8), f"{tag}: sum of squares")


def check_histograms(checks, run, events):
    tags = events.Tags()["histograms"]
    weights = [tag[8:] for tag in tags if tag.startswith("weights/")]
    checks.true(len(weights) > 5 and "codes" in tags, f"histograms {tags}")
    checks.true(sorted(tags) == sorted(["codes"] + [f"{g}/{w}" for w in weights for g in ("weights", "gradients")]),
                "weights and gradients of each tensor")
    for tag in tags:
        for e in events.Histograms(tag):
            h = e.histogram_value
            checks.true(sum(h.bucket) == h.num and list(h.bucket_limit) == sorted(h.bucket_limit), tag)
        checks.true([e.step for e in events.Histograms(tag)] == [4, 8, 12], f"{tag}: steps")
    for step, norm in ((e.step, e.value) for e in events.Scalars("train/gradient_norm") if e.step % 4 == 0):
        squares = sum(e.histogram_value.sum_squares for w in weights for e in events.Histograms(f"gradients/{w}")
                      if e.step == step)
        checks.at_most(abs(math.sqrt(squares) / norm - 1), 1e-6, f"step {step}: norm of the gradient by its histograms")
    if optional("h5py"):
        for k, step in enumerate((4, 8, 12)):
            tensors = peer.read_checkpoint(peer.checkpoint_path(run, step), "model")
            checks.true(set(weights) <= set(tensors), f"names {set(weights) - set(tensors)}")
            for w in weights:
                h = events.Histograms(f"weights/{w}")[k].histogram_value
                check_histogram(checks, f"step {step}, {w}", h, tensors[w].astype(np.float64).ravel())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lwssim")
    arguments = parser.parse_args()
    checks = peer.Checks()
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(peer.Program(arguments.lwssim), folder)
        events = accumulator.EventAccumulator(run, size_guidance=dict.fromkeys(accumulator.DEFAULT_SIZE_GUIDANCE, 0))
        events.Reload()
        check_scalars(checks, run, events)
        check_pictures(checks, run, events)
        check_histograms(checks, run, events)
    return checks.finish()


if __name__ == "__main__":
    raise SystemExit(main())
