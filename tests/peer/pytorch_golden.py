#!/usr/bin/python3
"""The golden training runs once more with 64-bit PyTorch: its layers, autograd and AdamW, and losses that are written with
its convolutions. Compares every value of tests/golden/train_golden.h but MS-SSIM.

The initial weights and the order of images are those of tests/golden/train_reference.py, which made the header.

usage: pytorch_golden.py [--only RUN]
exit code: 0 all within the tolerances, 1 not, 77 a package is missing
"""
import argparse
import os
import sys

import peer

numpy, torch = peer.need("numpy", "torch")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import torch_model  # noqa: E402
import train_cases  # noqa: E402
import train_reference  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

TOLERANCE = {"tensor": 1e-6}  # of tensors the header has seven digits,
OTHER_TOLERANCE = 1e-9  # of other numbers eleven


class Wae(torch_model.Dcgan):
    """Tolstikhin et al. 2018: 5 × 5 kernels, TensorFlow's SAME padding."""

    def __init__(self, side, _, channels, base, latent, head):
        nn.Module.__init__(self)
        widths = [channels] + [base * 2 ** i for i in range(4)]
        self.side, self.narrow, self.smallest = side, (side // 8, side // 8, 8 * base), (side // 16, side // 16, 8 * base)
        self.encoder, self.decoder = nn.ModuleDict(), nn.ModuleDict()
        for i in range(1, 5):
            self.encoder[f"conv{i}"] = nn.Conv2d(widths[i - 1], widths[i], 5, 2, bias=False)
            self.encoder[f"bn{i}"] = torch_model.GhostBatchNorm(widths[i])
        self.encoder["dense"] = nn.Linear(self.side // 16 * (self.side // 16) * 8 * base, head)
        self.decoder["dense"] = nn.Linear(latent, self.side // 8 * (self.side // 8) * 8 * base)
        for i in range(1, 4):
            self.decoder[f"deconv{i}"] = nn.ConvTranspose2d(widths[5 - i], widths[4 - i], 5, 2, bias=False)
            self.decoder[f"bn{i}"] = torch_model.GhostBatchNorm(widths[4 - i])
        self.decoder["deconv4"] = nn.ConvTranspose2d(base, channels, 5, 1, 2)

    def encode(self, x):
        for i in range(1, 5):
            x = self.encoder[f"conv{i}"](functional.pad(x, (1, 2, 1, 2)))
            x = functional.relu(self.encoder[f"bn{i}"](x))
        return self.encoder["dense"](x.flatten(1))

    def decode(self, z):
        h, w, c = self.narrow
        x = functional.relu(self.decoder["dense"](z).view(-1, c, h, w))
        for i in range(1, 4):
            side = self.side // 8 * 2 ** i
            x = self.decoder[f"deconv{i}"](x)[:, :, 1:1 + side, 1:1 + side]
            x = functional.relu(self.decoder[f"bn{i}"](x))
        return torch.sigmoid(self.decoder["deconv4"](x))

    def to_torch(self, name, array):
        h, w, c = self.narrow
        if name == "decoder/dense/bias":
            return torch.from_numpy(array).double().view(h, w, c).permute(2, 0, 1).flatten()
        if name == "decoder/dense/weight":
            return torch.from_numpy(array).double().view(-1, h, w, c).permute(3, 1, 2, 0).flatten(0, 2)
        return super().to_torch(name, array)


# ---- losses: [n, C, H, W] -> [n] ---------------------------------------------------------------------

def power(t, q):
    if q in (0, 1):
        return t ** q
    high = t.clamp(min=1e-2)
    return torch.where(t > 1e-2, high ** q, .01 ** q + q * .01 ** (q - 1) * (t - .01))


def window_mean(side, gaussian, sigma):
    return torch_model.gaussian_mean(side, sigma or side * 1.5 / 11) if gaussian else torch_model.box_mean(side)


def luminance_and_rest(x, y, o, mean):
    c1, c2 = o["k1"] ** 2, o["k2"] ** 2
    c3 = o["c3"] or c2 / 2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    l = power((2 * mx * my + c1) / (mx * mx + my * my + c1), o["alpha"])
    if o["beta"] == o["gamma"] and c3 == c2 / 2:
        return l, power((2 * vxy + c2) / (vx + vy + c2), o["beta"])
    sx, sy = (vx.clamp(min=0) + 1e-12).sqrt(), (vy.clamp(min=0) + 1e-12).sqrt()
    c = (2 * sx * sy + c2) / (sx * sx + sy * sy + c2)
    return l, power(c, o["beta"]) * power((vxy + c3) / (sx * sy + c3), o["gamma"])


def reconstruction(x, y, o):
    if o["loss"] == "mse":
        return torch_model.mse_loss(x, y)
    if o["loss"] == "ssim":
        l, cs = luminance_and_rest(x, y, o, window_mean(o["ssim-window"], o["ssim-shape"] == "gaussian", o["sigma"]))
        return 1 - (l * cs).flatten(1).mean(1)
    sides, weights = (list(map(float, o[key].split(","))) for key in ("windows", "window-weights"))
    total = 0
    for side, weight in zip(sides, weights if len(weights) > 1 else weights * len(sides)):
        l, cs = luminance_and_rest(x, y, o, window_mean(int(side), o["window-shape"] == "gaussian", o["sigma"]))
        total = total + weight * (2 - l - cs).flatten(1).mean(1)
    return total / len(sides)


# ---- a run ----------------------------------------------------------------------------------------------

class Twin:
    def __init__(self, shape, keys):
        self.reference = r = train_reference.Trainer(shape, keys)
        self.o, self.shape, self.latent = r.o, shape, r.latent
        base = self.o["base-channels"] or train_reference.PRESETS[self.o["preset"]][1]
        kind = Wae if self.o["preset"] == "wae64" else torch_model.Dcgan
        self.net = kind(shape[0], shape[0], shape[1], base, r.latent, r.latent * (2 if r.vae else 1)).double()
        self.names = [tensor[0] for tensor in r.tensors]
        self.net.load({name: r.values[name] for name in r.trained})
        self.states = {name: r.values[name] for name in self.names if name not in r.trained}
        groups = [[self.net.parameter_of(name) for name in r.trained if (r.values[name].ndim > 1) == big]
                  for big in (True, False)]
        self.adam = torch.optim.AdamW([{"params": groups[0], "weight_decay": self.o["weight-decay"]},
                                       {"params": groups[1], "weight_decay": 0.}], lr=self.o["lr"],
                                      betas=(self.o["adam-beta1"], self.o["adam-beta2"]), eps=self.o["adam-epsilon"])
        self.schedule = {
            "constant": lambda: None,
            "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(
                self.adam, r.total - self.o["warmup-steps"], self.o["lr-min"]),
            "step": lambda: torch.optim.lr_scheduler.StepLR(self.adam, self.o["decay-every"], self.o["decay-factor"]),
        }[self.o["schedule"]]()
        self.images = self.pixels("train")

    def pixels(self, split):
        return torch.from_numpy(train_cases.images(split, *self.shape)).permute(0, 3, 1, 2).double() / 255

    def draws(self, purpose, step):
        n = self.o["batch-size"]
        return torch.from_numpy(torch_model.philox_normal(self.o["seed"], purpose, step, n * self.latent)).view(n, -1)

    def objective(self, step):
        o, micro = self.o, self.o["batch-size"] // self.o["micro-batches"]
        x = self.images[train_reference.rows_of(o, len(self.images), step)]
        recon, kl, codes = [], [torch.zeros(1)], []
        for x, noise in zip(x.split(micro), self.draws(torch_model.LATENT, step).split(micro)):
            z = self.net.encode(x)
            if o["model"] == "vae":
                mean, log_variance = z[:, :self.latent], z[:, self.latent:]
                kl.append(torch_model.kl_divergence(mean, log_variance))
                z = mean + torch.exp(log_variance / 2) * noise
            codes.append(z)
            recon.append(reconstruction(x, self.net.decode(z), o))
        mmd = torch.zeros(())
        if o["model"] == "mmd-ae":
            prior = o["prior-sigma"] * self.draws(torch_model.PRIOR, step)
            mmd = torch_model.mmd(torch.cat(codes), prior, o["prior-sigma"])
        recon, kl = torch.cat(recon).mean(), torch.cat(kl).sum() / o["batch-size"]
        return self.weight() * recon + o["kl-weight"] * kl + o["mmd-weight"] * mmd, recon, kl, mmd

    def weight(self):
        """Half the pixels is the Gaussian likelihood's; .05 of the sum of squares on [-1, 1] that of Tolstikhin et al."""
        if self.o["recon-weight"]:
            return self.o["recon-weight"]
        pixels = self.shape[0] ** 2 * self.shape[1]
        fair = {"ae": 1, "vae": pixels / 2, "mmd-ae": .05 * 4 * pixels}[self.o["model"]]
        return fair if self.o["loss"] == "mse" or self.o["model"] == "ae" else .07 * fair

    def step(self, step):
        """The numbers of a golden step but the rows."""
        self.adam.zero_grad()
        parts = self.objective(step)
        parts[0].backward()
        gradients = [p.grad for p in self.net.parameters()]
        norm = float(sum((g ** 2).sum() for g in gradients) ** .5)
        if self.o["clip-norm"] and norm > self.o["clip-norm"]:
            for g in gradients:
                g *= self.o["clip-norm"] / norm
        is_warming = step < self.o["warmup-steps"]
        rates = [group["lr"] for group in self.adam.param_groups]
        if is_warming:
            for group in self.adam.param_groups:
                group["lr"] = self.o["lr"] * (step + 1) / self.o["warmup-steps"]
        rate = self.adam.param_groups[0]["lr"]
        self.adam.step()
        if is_warming:
            for group, was in zip(self.adam.param_groups, rates):
                group["lr"] = was
        elif self.schedule:
            self.schedule.step()
        momentum = self.o["bn-momentum"]
        for name, value in self.net.take_statistics().items():
            self.states[name] = (1 - momentum) * self.states[name] + momentum * value
        return [float(p.detach()) for p in parts] + [norm, rate]

    def metrics(self):
        """SSIM-G11, SSIM-U7, nothing, MSE and PSNR of the validation split."""
        self.net.load_statistics(self.states)
        self.net.eval()
        with torch.no_grad():
            x = self.pixels("valid")
            y = self.net.decode(self.net.encode(x)[:, :self.latent])
        self.net.train()
        l, cs = torch_model.structure(x, y, torch_model.gaussian_mean())
        mean, c2 = torch_model.box_mean(7), .03 ** 2
        mx, my = mean(x), mean(y)
        vx, vy, vxy = ((mean(a * b) - p * q) * 49 / 48 for a, b, p, q in
                       ((x, x, mx, mx), (y, y, my, my), (x, y, mx, my)))
        u7 = (2 * mx * my + 1e-4) / (mx ** 2 + my ** 2 + 1e-4) * (2 * vxy + c2) / (vx + vy + c2)
        mse = torch_model.mse_loss(x, y)
        return [float(v) for v in ((l * cs).mean(), u7.mean(), mse.mean() * float("nan"), mse.mean(),
                                   (-10 * torch.log10(mse)).mean())]

    def marks(self, index, name):
        """The numbers of a golden tensor: torch's layout is turned back by where it puts each element's number."""
        if name in self.states:
            return train_cases.marks(index, self.states[name])
        shape = self.reference.values[name].shape
        at = self.net.to_torch(name, numpy.arange(numpy.prod(shape), dtype=float).reshape(shape)).flatten().long().numpy()
        parameter, found = self.net.parameter_of(name), ()
        for value in (parameter, self.adam.state[parameter]["exp_avg"], self.adam.state[parameter]["exp_avg_sq"]):
            flat = numpy.empty(at.size)
            flat[at] = value.detach().numpy().ravel()
            found += train_cases.marks(index, flat)
        return found


def compare(checks, name, shape, keys, golden):
    twin, far = Twin(shape, keys), {"loss": 0., "gradient norm": 0., "rate": 0., "tensor": 0., "metric": 0.}

    def differ(kind, a, b, scale):
        error = abs(a - b) / scale if scale else float(a != b)
        far[kind] = max(far[kind], error if error == error else numpy.inf)

    twin.net.train()
    evaluations = {int(e[0]): e[1:] for e in golden["evaluations"]}
    for step, want in enumerate(golden["steps"]):
        got = twin.step(step)
        for i in range(3):
            differ("loss", got[i], want[i], abs(want[i]))
        differ("loss", got[3], want[3], abs(want[0]) / twin.o["mmd-weight"])
        differ("gradient norm", got[4], want[4], want[4])
        differ("rate", got[5], want[5], want[5])
        if step + 1 in evaluations:
            for m, value in enumerate(twin.metrics()):
                if m != 2:
                    differ("metric", value, evaluations[step + 1][m], abs(evaluations[step + 1][m]))
    for index, tensor in enumerate(twin.names):
        want = golden["tensors"][tensor][2:]
        got = twin.marks(index, tensor)
        checks.true(len(got) == len(want), f"{name}: {tensor} is what it seems")
        for i in range(len(want)):
            differ("tensor", got[i], want[i], want[i - i % 2])
    for kind, error in far.items():
        checks.at_most(error, TOLERANCE.get(kind, OTHER_TOLERANCE), f"{name}: {kind}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", help="a run's name")
    only = p.parse_args().only
    torch.set_num_threads(1)
    checks, golden = peer.Checks(), train_cases.read_golden()
    for name, shape, keys in train_cases.CASES:
        if not only or name == only:
            compare(checks, name, shape, keys, golden[name])
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
