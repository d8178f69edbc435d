#!/usr/bin/python3
"""How heavy must a loss weigh to pull on the parameters as hard as MSE does?

Trains an auto-encoder on MSE, and at each of --at steps takes the gradients of every loss with respect to
all parameters, of the mean over a batch, on several batches of training images. Prints |∇MSE| / |∇loss|: mean over the
batches, spread (smallest and largest), also for the encoder and the decoder alone. A tool, not a test.

usage: fair_weights.py --data DIR [--lwssim PROGRAM] [--at 50,100,200] [--batches 8] …
exit code: 0 done, 1 a run failed, 77 a package is missing
"""
import argparse
import os
import sys
import tempfile

import peer

numpy, torch, _ = peer.need("numpy", "torch", "h5py")
import torch_model  # noqa: E402

PARTS = {"all": ("encoder", "decoder"), "encoder": ("encoder",), "decoder": ("decoder",)}


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, help="dataset folder")
    p.add_argument("--lwssim", help="the program [environment LWSSIM]")
    p.add_argument("--work", help="folder for the run, kept [a temporary one]")
    p.add_argument("--at", default="50,100,200", help="steps at which to measure, multiples of the first [50,100,200]")
    p.add_argument("--batches", type=int, default=8, help="batches to measure on [8]")
    for key, default in (("preset", "dcgan64"), ("base-channels", 32), ("latent", 128), ("batch-size", 64),
                         ("micro-batches", 4), ("lr", 1e-3), ("seed", 1)):
        p.add_argument(f"--{key}", type=type(default), default=default, help=f"of the run [{default}]")
    return p.parse_args()


def train(options, run, steps):
    keys = ("preset", "base_channels", "latent", "batch_size", "micro_batches", "lr", "seed")
    arguments = [a for key in keys for a in ("--" + key.replace("_", "-"), getattr(options, key))]
    peer.Program(options.lwssim)("train", "--data", options.data, "--run", run, "--model", "ae", "--loss", "mse",
                                 "--steps", steps[-1], "--checkpoint-every", steps[0], "--keep", 1000,
                                 "--eval-every", 0, *arguments)


def load(run, step, options, image):
    net = torch_model.Dcgan(*image, options.base_channels, options.latent, options.latent)
    net.load(peer.read_checkpoint(peer.checkpoint_path(run, step), "model"))
    return net.train()


def norms(net, loss, batch, micro_batches):
    """Norms of the gradient of the batch's mean loss, by part of the model."""
    net.zero_grad()
    for x in batch.chunk(micro_batches):
        (loss(x, net.decode(net.encode(x))).sum() / len(batch)).backward()
    squares = {part: sum(float((p.grad.double() ** 2).sum()) for p in getattr(net, part).parameters())
               for part in ("encoder", "decoder")}
    return {part: sum(squares[name] for name in names) ** .5 for part, names in PARTS.items()}


def measure(net, images, options):
    """{loss: {part: norms, one a batch}} on batches that the training did not see in this order."""
    draw, result = numpy.random.default_rng(options.seed), {}
    for _ in range(options.batches):
        rows = numpy.sort(draw.choice(len(images), options.batch_size, replace=False))
        batch = torch.from_numpy(images[rows]).permute(0, 3, 1, 2).float() / 255
        for name, loss in torch_model.LOSSES.items():
            for part, norm in norms(net, loss, batch, options.micro_batches).items():
                result.setdefault(name, {}).setdefault(part, []).append(norm)
    return result


def show(step, result):
    for name in [name for name in result if name != "mse"]:
        for part in PARTS:
            ratio = numpy.array(result["mse"][part]) / numpy.array(result[name][part])
            print(f"step {step:4d}  |∇MSE|/|∇{name.upper()}|  {part:8s} mean {ratio.mean():.5f}  "
                  f"deviation {ratio.std(ddof=1):.5f}  from {ratio.min():.5f} to {ratio.max():.5f}  "
                  f"(|∇MSE| {numpy.mean(result['mse'][part]):.4g}, |∇{name.upper()}| "
                  f"{numpy.mean(result[name][part]):.4g})", flush=True)


def main():
    options = parse()
    torch.set_num_threads(1)
    steps = sorted(int(step) for step in options.at.split(","))
    if any(step % steps[0] for step in steps):
        print("FAIL  --at: every step must be a multiple of the first")
        return peer.FAIL
    images = peer.read_images(options.data, "train")
    with tempfile.TemporaryDirectory() as temporary:
        run = os.path.join(options.work or temporary, "fair-weights")
        train(options, run, steps)
        for step in steps:
            show(step, measure(load(run, step, options, images.shape[1:]), images, options))
    return peer.PASS


if __name__ == "__main__":
    sys.exit(main())
