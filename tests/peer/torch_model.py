"""The models and losses of lwssim once more, in PyTorch with autograd, written from the specification alone.

Layouts on file: convolutions [kh, kw, in, out], transposed convolutions [kh, kw, wide (out), narrow (in)], dense
[in, out] where an image counts as its pixels in the order height, width, channel.
"""
import math

import numpy
import torch
from torch import nn
from torch.nn import functional

EPSILON = 1e-5
MMD_SPREADS = (.1, .2, .5, 1, 2, 5, 10)


# ---- network -------------------------------------------------------------------------------------

class GhostBatchNorm(nn.BatchNorm2d):
    """Batch norm over each micro-batch. In training it remembers the mean and unbiased variance of each."""

    def __init__(self, channels):
        super().__init__(channels, eps=EPSILON, track_running_stats=True)
        self.seen = []

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        variance, mean = torch.var_mean(x.detach().double(), dim=(0, 2, 3), unbiased=True)
        self.seen.append((mean, variance))
        return functional.batch_norm(x, None, None, self.weight, self.bias, True, 0, self.eps)


class Dcgan(nn.Module):
    """Radford et al. 2016 as the presets dcgan64 and tiny16 have it."""

    def __init__(self, height, width, channels, base, latent, head):
        super().__init__()
        sides = [(height, width, channels)]
        while sides[-1][0] % 2 == 0 and sides[-1][1] % 2 == 0 and min(sides[-1][:2]) >= 8:
            sides.append((sides[-1][0] // 2, sides[-1][1] // 2, base * 2 ** min(len(sides) - 1, 3)))
        self.levels = len(sides) - 1
        self.smallest = h, w, c = sides[-1]
        self.encoder, self.decoder = nn.ModuleDict(), nn.ModuleDict()
        for i in range(1, self.levels + 1):
            self.encoder[f"conv{i}"] = nn.Conv2d(sides[i - 1][2], sides[i][2], 4, 2, 1, bias=False)
            self.encoder[f"bn{i}"] = GhostBatchNorm(sides[i][2])
        self.encoder["dense"] = nn.Linear(h * w * c, head)
        self.decoder["dense"] = nn.Linear(latent, h * w * c, bias=False)
        self.decoder["bn0"] = GhostBatchNorm(c)
        for i in range(1, self.levels + 1):
            wide, narrow = sides[self.levels - i][2], sides[self.levels - i + 1][2]
            last = i == self.levels
            self.decoder[f"deconv{i}"] = nn.ConvTranspose2d(narrow, wide, 4, 2, 1, bias=last)
            if not last:
                self.decoder[f"bn{i}"] = GhostBatchNorm(wide)

    def encode(self, x):
        for i in range(1, self.levels + 1):
            x = functional.relu(self.encoder[f"bn{i}"](self.encoder[f"conv{i}"](x)))
        return self.encoder["dense"](x.flatten(1))

    def decode(self, z):
        h, w, c = self.smallest
        x = self.decoder["dense"](z).view(-1, c, h, w)
        x = functional.relu(self.decoder["bn0"](x))
        for i in range(1, self.levels + 1):
            x = self.decoder[f"deconv{i}"](x)
            if i < self.levels:
                x = functional.relu(self.decoder[f"bn{i}"](x))
        return torch.sigmoid(x)

    # -- between the layouts of lwssim and torch --

    def parameter_of(self, name):
        """The torch parameter called `name` ("encoder/conv1/weight") in a checkpoint."""
        net, layer, part = name.split("/")
        module = getattr(self, net)[layer]
        return getattr(module, {"gamma": "weight", "beta": "bias"}.get(part, part))

    def to_torch(self, name, array):
        h, w, c = self.smallest
        value = torch.from_numpy(numpy.ascontiguousarray(array)).double()
        if name.endswith("weight") and value.dim() == 4:
            return value.permute(3, 2, 0, 1)
        if name == "encoder/dense/weight":      # [hwc, head] -> [head, chw]
            return value.view(h, w, c, -1).permute(3, 2, 0, 1).flatten(1)
        if name == "decoder/dense/weight":      # [latent, hwc] -> [chw, latent]
            return value.view(-1, h, w, c).permute(3, 1, 2, 0).flatten(0, 2)
        return value

    def load(self, arrays):
        """From {name: array} of /model. Every parameter must be given, and nothing else."""
        known = sum(1 for _ in self.parameters())
        if len(arrays) != known:
            raise ValueError(f"{len(arrays)} tensors in the checkpoint, {known} in the torch model")
        for name, array in arrays.items():
            parameter, value = self.parameter_of(name), self.to_torch(name, array)
            if parameter.shape != value.shape:
                raise ValueError(f"{name}: {tuple(value.shape)} in the checkpoint, {tuple(parameter.shape)} in torch")
            with torch.no_grad():
                parameter.copy_(value)

    def load_statistics(self, arrays):
        for name, array in arrays.items():
            net, layer, part = name.split("/")
            getattr(getattr(self, net)[layer], part).copy_(torch.from_numpy(array))

    def take_statistics(self):
        """{name: mean over the micro-batches seen since the last call}, as in /state."""
        taken = {}
        for net in ("encoder", "decoder"):
            for layer, module in getattr(self, net).items():
                if isinstance(module, GhostBatchNorm) and module.seen:
                    for k, part in enumerate(("running_mean", "running_var")):
                        taken[f"{net}/{layer}/{part}"] = torch.stack([s[k] for s in module.seen]).mean(0).numpy()
                    module.seen = []
        return taken


# ---- reconstruction losses: [n, C, H, W] -> [n], in double -----------------------------------------

def structure(x, y, mean, k1=.01, k2=.03):
    """l and c·s of every window; `mean` is the window's weighted mean."""
    c1, c2 = k1 ** 2, k2 ** 2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    return (2 * mx * my + c1) / (mx * mx + my * my + c1), (2 * vxy + c2) / (vx + vy + c2)


def gaussian_mean(side=11, sigma=1.5):
    at = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    taps = torch.exp(-at ** 2 / (2 * sigma ** 2))
    taps = taps / taps.sum()

    def mean(x):
        channels = x.shape[1]
        x = functional.conv2d(x, taps.view(1, 1, -1, 1).repeat(channels, 1, 1, 1), groups=channels)
        return functional.conv2d(x, taps.view(1, 1, 1, -1).repeat(channels, 1, 1, 1), groups=channels)
    return mean


def box_mean(side):
    return lambda x: functional.avg_pool2d(x, side, 1)


def mse_loss(x, y):
    return ((x.double() - y.double()) ** 2).flatten(1).mean(1)


def mae_loss(x, y):
    return functional.l1_loss(x.double(), y.double(), reduction="none").flatten(1).mean(1)


def ssim_loss(x, y):
    l, cs = structure(x.double(), y.double(), gaussian_mean())
    return 1 - (l * cs).flatten(1).mean(1)


def lwssim_loss(x, y):
    """With the program's own windows, weights and C1."""
    total = 0
    for side, weight in ((1, 8), (11, 1)):
        l, cs = structure(x.double(), y.double(), gaussian_mean(side), k1=.5)
        total = total + weight * (2 - (l + cs)).flatten(1).mean(1)
    return total / 2


MS_SSIM_WEIGHTS = (.071055, .452974, .475971)


def power(t, q):
    """t^q from .01 on, its tangent there below."""
    at = t.clamp(min=.01)
    return at ** q + (q * .01 ** (q - 1)) * (t - at)


def ms_ssim_loss(x, y, weights=MS_SSIM_WEIGHTS):
    """Of the steps of pytorch-msssim, but for powers of small and negative means."""
    x, y, product = x.double(), y.double(), 1
    for scale, weight in enumerate(weights):
        l, cs = structure(x, y, gaussian_mean())
        part = l * cs if scale == len(weights) - 1 else cs
        product = product * power(part.flatten(2).mean(2), weight)
        padding = [side % 2 for side in x.shape[2:]]
        x, y = (functional.avg_pool2d(image, 2, padding=padding) for image in (x, y))
    return 1 - product.mean(1)


def around(x, sigma, reach=3):
    """Gaussian means around every pixel; what of a window is outside of the image does not count."""
    radius = math.ceil(reach * sigma)
    taps = torch.exp(-torch.arange(-radius, radius + 1, dtype=torch.float64) ** 2 / (2 * sigma ** 2))

    def total(v):
        channels = v.shape[1]
        v = functional.conv2d(v, taps.view(1, 1, -1, 1).repeat(channels, 1, 1, 1), padding=(radius, 0), groups=channels)
        return functional.conv2d(v, taps.view(1, 1, 1, -1).repeat(channels, 1, 1, 1), padding=(0, radius),
                                 groups=channels)
    return total(x) / total(torch.ones_like(x))


def mix_loss(x, y, alpha=.84, sigmas=(.5, 1, 2, 4, 8)):
    x, y, product = x.double(), y.double(), 1
    for sigma in sigmas:
        l, cs = structure(x, y, lambda v, sigma=sigma: around(v, sigma))
        product = product * cs
    loss = alpha * (1 - l * product) + (1 - alpha) * around((x - y).abs(), sigmas[-1])
    return loss.flatten(1).mean(1)


LOSSES = {"mse": mse_loss, "ssim": ssim_loss, "lwssim": lwssim_loss, "mae": mae_loss, "ms-ssim-3": ms_ssim_loss,
          "mix": mix_loss}


# ---- penalties on the code, in double ----------------------------------------------------------------

def kl_divergence(mean, log_variance):
    mean, log_variance = mean.double(), log_variance.double()
    return .5 * (torch.exp(log_variance) + mean ** 2 - 1 - log_variance).sum(1)


def mmd(codes, prior, sigma):
    codes, prior = codes.double(), prior.double()
    n, latent = codes.shape
    away = 1 - torch.eye(n, dtype=torch.float64)

    def kernel(a, b):
        d2 = ((a[:, None, :] - b[None, :, :]) ** 2).sum(2)
        base = 2 * latent * sigma ** 2
        return sum(base * s / (base * s + d2) for s in MMD_SPREADS)
    within = ((kernel(codes, codes) + kernel(prior, prior)) * away).sum() / (n * (n - 1))
    return within - 2 * kernel(codes, prior).sum() / n ** 2


# ---- random numbers ------------------------------------------------------------------------------------

INIT, LATENT, PRIOR = 1, 3, 4 # purposes


def philox_normal(seed, purpose, stream, count):
    """Draws 0 … count-1 of a stream: Philox4x32-10 (Salmon et al. 2011) and Box-Muller on 2 × 53 bits."""
    wide, low = numpy.uint64, numpy.uint64(0xffffffff)
    half = wide(32)
    key = (seed + 0x9e3779b97f4a7c15 * purpose) % 2 ** 64
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9 % 2 ** 64
    key = (key ^ key >> 27) * 0x94d049bb133111eb % 2 ** 64
    key ^= key >> 31
    keys = [key & 0xffffffff, key >> 32]
    index = numpy.arange(count, dtype=wide)
    c0, c1 = index & low, index >> half
    c2, c3 = numpy.full(count, stream & 0xffffffff, wide), numpy.full(count, stream >> 32, wide)
    for _ in range(10):
        p0, p1 = wide(0xD2511F53) * c0, wide(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ wide(keys[0]), p1 & low, (p0 >> half) ^ c3 ^ wide(keys[1]), p0 & low
        keys = [(keys[0] + 0x9E3779B9) & 0xffffffff, (keys[1] + 0xBB67AE85) & 0xffffffff]
    u = ((c0 << half | c1) >> wide(11)).astype(numpy.float64) * 2. ** -53
    v = ((c2 << half | c3) >> wide(11)).astype(numpy.float64) * 2. ** -53
    return numpy.sqrt(-2 * numpy.log1p(-u)) * numpy.cos(2 * numpy.pi * v)
