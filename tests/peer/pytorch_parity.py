#!/usr/bin/python3
"""Trains the same model on the same images with lwssim and with PyTorch, and compares them.

For each of AE with MSE, SSIM and LWSSIM, VAE and MMD-AE:
 1. A run of one step with lr 0 leaves a checkpoint of the initial weights, of the first gradient (Adam's first
    moment) and of the first batch statistics. The statistics and the gradient's norm are compared.
 2. A run of --steps steps logs its rows; PyTorch starts from the same weights, takes the same rows, draws the same
    noise, and trains with torch.optim.Adam. The losses of all steps are compared, and all gradients, element by
    element: lwssim's follow from Adam's first moments in the checkpoints.
 3. The run's last evaluation is compared with PyTorch's evaluation of the last checkpoint.

Each figure is a relative difference. With --resync 1, a 64-bit PyTorch takes over the weights and moments of lwssim's
checkpoint after every step, once gradient and update have been compared. With --resync 0 a 32-bit one trains on by
itself. That is for small models: of a million ReLUs, a few each step have inputs so near 0 that rounding decides their
sign, in any 32-bit program. Each lets the gradient jump, the weights move apart, more signs differ, and after 30 steps
losses differ by 1e-4 to 1e-3. (Give PyTorch's 32-bit run the signs of its 64-bit run, and these two stay within 5e-7.)
--arbiter trains freely in 32 and in 64 bits too, and prints how far from the latter the others are.

usage: pytorch_parity.py [--lwssim PROGRAM] [--data DIR] [--cases ae-mse,vae-lwssim,…] [--resync 0|1] [--arbiter] …
exit code: 0 all within --tolerance, 1 not, 77 a package is missing
"""
import argparse
import os
import shutil
import sys
import tempfile

import peer

numpy, torch, _ = peer.need("numpy", "torch", "h5py")
import torch_model  # noqa: E402

CASES = "ae-mse,ae-ssim,ae-lwssim,vae-lwssim,mmd-ae-lwssim"


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lwssim", help="the program [environment LWSSIM]")
    p.add_argument("--data", help="dataset folder [512 synthetic faces]")
    p.add_argument("--size", type=int, default=64, help="of the synthetic faces [64]")
    p.add_argument("--work", help="folder for the runs, kept [a temporary one]")
    p.add_argument("--cases", default=CASES, help=f"MODEL-LOSS,… [{CASES}]")
    p.add_argument("--tolerance", type=float, default=1e-4)
    p.add_argument("--resync", type=int, choices=(0, 1), default=1, help="take over lwssim's state every step [1]")
    p.add_argument("--arbiter", action="store_true", help="train freely in 32 and 64 bits too")
    for key, default in (("steps", 30), ("preset", "dcgan64"), ("base-channels", 16), ("latent", 32),
                         ("batch-size", 16), ("micro-batches", 2), ("lr", 1e-3), ("seed", 1)):
        p.add_argument(f"--{key}", type=type(default), default=default, help=f"of the runs [{default}]")
    return p.parse_args()


class Run:
    """A finished run of lwssim: its keys, its log and its checkpoint."""

    def __init__(self, folder, steps):
        self.folder, self.steps = folder, steps
        self.config = peer.read_config(folder)
        self.log = peer.read_metrics(folder, "train")
        self.evaluations = peer.read_metrics(folder, "evaluation")

    def number(self, key):
        return float(self.config[key])

    def arrays(self, group, step=None):
        return peer.read_checkpoint(peer.checkpoint_path(self.folder, step or self.steps), group)


def train(lwssim, options, case, folder, steps, *more):
    model, loss = case.rsplit("-", 1)
    keys = ("preset", "base_channels", "latent", "batch_size", "micro_batches", "seed")
    arguments = [a for key in keys for a in ("--" + key.replace("_", "-"), getattr(options, key))]
    lwssim("train", "--data", options.data, "--run", folder, "--model", model, "--loss", loss, "--steps", steps,
           "--threads", 1, "--log-every", 1, "--log-rows", "--eval-every", 0, *arguments, *more)
    return Run(folder, steps)


class Twin:
    """The torch model of a run, and its objective."""

    def __init__(self, run, images, dtype):
        n, height, width, channels = images.shape
        self.run, self.dtype = run, dtype
        self.kind, self.latent = run.config["model"], int(run.number("latent"))
        self.loss = torch_model.LOSSES[run.config["loss"]]
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2)
        self.net = torch_model.Dcgan(height, width, channels, int(run.number("base-channels")), self.latent,
                                     self.latent * (2 if self.kind == "vae" else 1)).to(dtype)

    def pixels(self, rows):
        """As the trainer reads them: bytes / 255, rounded to 32 bits."""
        return (self.images[rows].float() / 255).to(self.dtype)

    def draws(self, purpose, step, n):
        values = torch_model.philox_normal(int(self.run.number("seed")), purpose, step, n * self.latent)
        return torch.from_numpy(values.astype(numpy.float32)).view(n, self.latent)

    def codes(self, x, noise):
        """The codes of a micro-batch, and its KL divergence."""
        head = self.net.encode(x)
        if self.kind != "vae":
            return head, torch.zeros(len(x), dtype=torch.float64)
        mean, log_variance = head[:, :self.latent], head[:, self.latent:]
        return mean + torch.exp(log_variance / 2) * noise.to(self.dtype), torch_model.kl_divergence(mean, log_variance)

    def objective(self, rows, step):
        """The parts of the loss of one global batch, step counted from 0."""
        n, micro = len(rows), len(rows) // int(self.run.number("micro-batches"))
        noise = self.draws(torch_model.LATENT, step, n)
        recon, kl, all_codes = [], [], []
        for first in range(0, n, micro):
            x = self.pixels(rows[first:first + micro])
            z, divergence = self.codes(x, noise[first:first + micro])
            recon.append(self.loss(x, self.net.decode(z)))
            kl.append(divergence)
            all_codes.append(z)
        parts = {"recon": torch.cat(recon).mean(), "kl": torch.cat(kl).mean(), "mmd": torch.zeros(())}
        if self.kind == "mmd-ae":
            sigma = self.run.number("prior-sigma")
            prior = torch.from_numpy(numpy.float32(sigma * self.draws(torch_model.PRIOR, step, n).double().numpy()))
            parts["mmd"] = torch_model.mmd(torch.cat(all_codes), prior, sigma)
        parts["loss"] = sum(self.run.number(f"{part}-weight") * parts[part] for part in ("recon", "kl", "mmd"))
        return parts

    def gradient_norm(self):
        return sum(float((p.grad.double() ** 2).sum()) for p in self.net.parameters()) ** .5

    def adam(self):
        return torch.optim.Adam(self.net.parameters(), lr=self.run.number("lr"), eps=self.run.number("adam-epsilon"),
                                betas=(self.run.number("adam-beta1"), self.run.number("adam-beta2")))

    def train(self, weights, after_step=None):
        """The steps of the run; one dict of numbers a step. after_step(step, adam) sees gradients and new weights."""
        self.net.load(weights)
        self.net.train()
        adam, log = self.adam(), []
        for step, line in enumerate(self.run.log):
            adam.zero_grad()
            parts = self.objective(line["rows"], step)
            parts["loss"].backward()
            log.append({key: float(value.detach()) for key, value in parts.items()})
            log[-1]["gradient_norm"] = self.gradient_norm()
            adam.step()
            if after_step:
                after_step(step, adam)
        return log

    def gradients(self, names):
        return {name: self.net.parameter_of(name).grad.double().numpy() for name in names}

    def weights(self, names):
        return {name: self.net.parameter_of(name).detach().double().numpy() for name in names}

    def take_over(self, step, adam):
        """Weights and moments after `step` steps of the run."""
        self.net.load(self.run.arrays("model", step))
        for group, moment in (("optimizer/m", "exp_avg"), ("optimizer/v", "exp_avg_sq")):
            for name, array in self.run.arrays(group, step).items():
                adam.state[self.net.parameter_of(name)][moment].copy_(self.net.to_torch(name, array))


class Follower:
    """Compares gradients and updates of every step with the run's checkpoints, then takes these over."""

    def __init__(self, twin, weights):
        self.twin, self.before = twin, self.torch_layout(twin, weights)
        self.m = {name: 0 * value for name, value in self.before.items()}
        self.v = {name: 0 * value for name, value in self.before.items()}
        self.worst_gradient, self.update, self.adam = [], [], []

    @staticmethod
    def torch_layout(twin, arrays):
        return {name: twin.net.to_torch(name, array).numpy() for name, array in arrays.items()}

    def __call__(self, step, adam):
        twin, decay = self.twin, self.twin.run.number("adam-beta1")
        m = self.torch_layout(twin, twin.run.arrays("optimizer/m", step + 1))
        after = self.torch_layout(twin, twin.run.arrays("model", step + 1))
        gradient = {name: (m[name] - decay * self.m[name]) / (1 - decay) for name in m}
        self.worst_gradient.append(distance(gradient, twin.gradients(m)))
        ours = flat(after) - flat(self.before)
        torchs = flat(twin.weights(after)) - flat(self.before)
        self.update.append(float(numpy.linalg.norm(ours - torchs) / numpy.linalg.norm(torchs)))
        expected = self.adam_update(step + 1, flat(m), flat(gradient))
        self.adam.append(float(numpy.linalg.norm(ours - expected) / numpy.linalg.norm(expected)))
        self.m, self.before = m, after
        self.v = self.torch_layout(twin, twin.run.arrays("optimizer/v", step + 1))
        twin.take_over(step + 1, adam)


    def adam_update(self, number, m, gradient):
        """Kingma & Ba's update from lwssim's own gradient, in 64 bits: what the optimizer must have done, whatever the
        signs of the ReLUs were."""
        key = self.twin.run.number
        v = key("adam-beta2") * flat(self.v).astype(float) + (1 - key("adam-beta2")) * gradient.astype(float) ** 2
        root = numpy.sqrt(v / (1 - key("adam-beta2") ** number))
        return -key("lr") * m / (1 - key("adam-beta1") ** number) / (root + key("adam-epsilon"))


def relative(a, b):
    return abs(a - b) / max(abs(b), 1e-300)


def distance(arrays, others):
    """The largest difference of any tensor, relative to that tensor's largest element."""
    return max(float(numpy.abs(arrays[k] - others[k]).max() / max(numpy.abs(others[k]).max(), 1e-300)) for k in others)


def flat(arrays):
    return numpy.concatenate([arrays[name].ravel() for name in sorted(arrays)])


def check_first_step(checks, case, first, images, tolerance):
    """Gradient norm and batch statistics at the initial weights, which are returned."""
    twin, weights = Twin(first, images, torch.float64), first.arrays("model")
    twin.net.load(weights)
    twin.net.train()
    twin.objective(first.log[0]["rows"], 0)["loss"].backward()
    checks.at_most(relative(first.log[0]["gradient_norm"], twin.gradient_norm()), tolerance,
                   f"{case}: gradient norm of the first step")
    checks.at_most(distance(first.arrays("state"), twin.net.take_statistics()), tolerance,
                   f"{case}: first batch statistics")
    return weights


def check_evaluation(checks, case, run, data, tolerance):
    """Running statistics in use: the validation figures of the last checkpoint."""
    twin = Twin(run, peer.read_images(data, "valid"), torch.float32)
    twin.net.load(run.arrays("model"))
    twin.net.load_statistics(run.arrays("state"))
    twin.net.eval()
    with torch.no_grad():
        x = twin.pixels(slice(None))
        y = twin.net.decode(twin.net.encode(x)[:, :twin.latent])
        mse, ssim = float(torch_model.mse_loss(x, y).mean()), 1 - float(torch_model.ssim_loss(x, y).mean())
    last = run.evaluations[-1]
    checks.at_most(relative(last["mse"], mse), tolerance, f"{case}: evaluation, MSE")
    checks.at_most(relative(last["ssim_g11"], ssim), tolerance, f"{case}: evaluation, SSIM-G11")


def check_losses(checks, case, run, log, tolerance):
    for key in ("loss", "recon", "kl", "mmd"):
        if key in run.log[0]:
            # The MMD estimate is a difference that passes through 0: it is measured against its share of the loss.
            scales = [abs(line["loss"]) / run.number("mmd-weight") if key == "mmd" else abs(line[key]) for line in log]
            worst = max(abs(a[key] - b[key]) / s for a, b, s in zip(run.log, log, scales))
            checks.at_most(worst, tolerance, f"{case}: {key}, worst of {run.steps} steps")


def report_arbiter(run, weights, images):
    log32, log64 = (Twin(run, images, dtype).train(weights) for dtype in (torch.float32, torch.float64))
    for key in ("loss", "gradient_norm"):
        far = [max(relative(line[key], exact[key]) for line, exact in zip(log, log64)) for log in (run.log, log32)]
        print(f"      {key} against free training in 64 bits, worst step: lwssim {far[0]:.2g}, torch {far[1]:.2g}")


def compare(checks, case, options, lwssim, images):
    folder = os.path.join(options.work, case)
    first = train(lwssim, options, case, folder + "-first", 1, "--lr", 0, "--bn-momentum", 1)
    run = train(lwssim, options, case, folder, options.steps, "--lr", options.lr, "--keep", options.steps,
                "--checkpoint-every", 1 if options.resync else 0)
    weights = check_first_step(checks, case, first, images, options.tolerance)
    twin = Twin(run, images, torch.float64 if options.resync else torch.float32)
    follower = Follower(twin, weights) if options.resync else None
    log = twin.train(weights, follower)
    check_losses(checks, case, run, log, options.tolerance)
    if follower:
        # The median, for where the sign of a ReLU differs, that step's gradient jumps (see above).
        checks.at_most(numpy.median(follower.worst_gradient), options.tolerance,
                       f"{case}: worst element of the gradient, median step")
        checks.at_most(numpy.median(follower.update), options.tolerance, f"{case}: norm of Adam's update, median step")
        checks.at_most(max(follower.adam), options.tolerance, f"{case}: Adam on lwssim's own gradient, worst step")
        print(f"      for information: worst element of the gradient, worst step {max(follower.worst_gradient):.2g};"
              f" norm of the update, worst step {max(follower.update):.2g}")
    check_evaluation(checks, case, run, options.data, options.tolerance)
    norms = max(relative(a["gradient_norm"], b["gradient_norm"]) for a, b in zip(run.log, log))
    print(f"      for information: loss {log[0]['loss']:.5g} -> {log[-1]['loss']:.5g};"
          f" gradient norms within {norms:.2g}")
    if not follower:
        last = Follower.torch_layout(twin, run.arrays("model"))
        far = distance(last, twin.weights(last))
        print(f"      for information: last weights within {far:.2g} of a tensor's largest")
    if options.arbiter:
        report_arbiter(run, weights, images)
    if options.work_is_temporary:
        shutil.rmtree(folder)       # a checkpoint a step


def main():
    options = parse()
    torch.set_num_threads(1)
    lwssim = peer.Program(options.lwssim)
    checks = peer.Checks()
    with tempfile.TemporaryDirectory() as temporary:
        options.work_is_temporary = not options.work
        options.work = options.work or temporary
        if not options.data:
            options.data = os.path.join(options.work, "data")
            lwssim("prepare", "--synthetic", 512, "--size", options.size, "--output", options.data)
        images = peer.read_images(options.data, "train")
        for case in options.cases.split(","):
            compare(checks, case, options, lwssim, images)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
