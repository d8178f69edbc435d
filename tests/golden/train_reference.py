#!/usr/bin/python3
"""The trainer once more, in double precision, as naively as the formulas allow: the networks layer by layer, forward and
backward by hand, losses window by window, Adam and LAMB, schedules, the keyed order and the keyed noise. Only numpy.

Written from the specification (the losses' and models' definitions, the public headers, the papers), not from the C. It
shares neither code nor arrangement with the program: no flat arrays, no ranks, no reduction, no running sums. What a
rank or a thread does cannot change a result, so there are none.

usage: train_reference.py            trains the runs of train_cases.py and writes train_golden.h
       train_reference.py --check    compares each run's gradient with central differences instead
       train_reference.py --margins  prints how near a ReLU's input comes to 0 in each run, of its channel's deviation:
                                     a 32-bit program whose rounding turns one has another gradient there
"""
import sys

import numpy as np

import train_cases

EPSILON = 1e-5  # of batch norm
SPREADS = (.1, .2, .5, 1, 2, 5, 10)
INIT, SHUFFLE, LATENT, PRIOR = 1, 2, 3, 4  # purposes of random numbers
TAU = 2 * np.pi

# ---- random numbers: Philox4x32-10, Salmon et al. 2011 ----------------------------------------------

WORD = (1 << 64) - 1


def key_of(seed, purpose):
    z = (seed + 0x9e3779b97f4a7c15 * purpose) & WORD
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 & WORD
    z = (z ^ z >> 27) * 0x94d049bb133111eb & WORD
    z ^= z >> 31
    return z & 0xffffffff, z >> 32


def philox(key, stream, index):
    """Four 32-bit words for each 64-bit index, as uint64 arrays."""
    u = np.uint64
    low, half = u(0xffffffff), u(32)
    index = np.asarray(index, u)
    c = [index & low, index >> half, np.full(index.shape, stream & 0xffffffff, u), np.full(index.shape, stream >> 32, u)]
    k0, k1 = key
    for _ in range(10):
        a, b = u(0xD2511F53) * c[0], u(0xCD9E8D57) * c[2]
        c = [(b >> half) ^ c[1] ^ u(k0), b & low, (a >> half) ^ c[3] ^ u(k1), a & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xffffffff, (k1 + 0xBB67AE85) & 0xffffffff
    return c


def normal(seed, purpose, stream, count):
    """Box-Muller on 2 × 53 bits."""
    w = philox(key_of(seed, purpose), stream, np.arange(count))
    u, v = (((w[i] << np.uint64(32) | w[i + 1]) >> np.uint64(11)).astype(float) * 2. ** -53 for i in (0, 2))
    return np.sqrt(-2 * np.log(1 - u)) * np.cos(TAU * v)


def permuted(seed, epoch, n, i):
    """Where i goes under the permutation of [0, n): six rounds of a Feistel network, walked until it falls inside."""
    key, half = key_of(seed, SHUFFLE), 3
    while 4 ** half < n:
        half += 1
    while True:
        left, right = i >> half, i % 2 ** half
        for r in range(6):
            left, right = right, left ^ int(philox(key, epoch, [r << 32 | right])[0][0]) % 2 ** half
        i = left << half | right
        if i < n:
            return i


def rows_of(options, rows, step):
    """The images of a step: each epoch is a permutation, cut into batches; what is left over sits it out."""
    batch = options["batch-size"]
    epoch, place = divmod(step, rows // batch)
    return [permuted(options["seed"], epoch, rows, place * batch + i) for i in range(batch)]


# ---- layers: [n, height, width, channels] -------------------------------------------------------------

def windows_of(x, kernel, stride, pad, out):
    """For each place (a, b) in the kernel the pixels under it, [n, out, out, c], of x with zeros around."""
    n, h, w, c = x.shape
    wide = np.zeros((n, max((out - 1) * stride + kernel, pad + h), max((out - 1) * stride + kernel, pad + w), c))
    wide[:, pad:pad + h, pad:pad + w] = x
    end = (out - 1) * stride + 1
    return {(a, b): wide[:, a:a + end:stride, b:b + end:stride] for a in range(kernel) for b in range(kernel)}


def convolve(x, w, stride, pad, out):
    parts = windows_of(x, w.shape[0], stride, pad, out)
    return sum(parts[at] @ w[at] for at in parts)


def convolve_adjoint(y, w, stride, pad, side):
    n, out, _, _ = y.shape
    kernel, span = w.shape[0], max((out - 1) * stride + w.shape[0], pad + side)
    wide, end = np.zeros((n, span, span, w.shape[2])), (out - 1) * stride + 1
    for a in range(kernel):
        for b in range(kernel):
            wide[:, a:a + end:stride, b:b + end:stride] += y @ w[a, b].T
    return wide[:, pad:pad + side, pad:pad + side]


def weight_gradient(x, y, kernel, stride, pad):
    parts, dw = windows_of(x, kernel, stride, pad, y.shape[1]), np.zeros((kernel, kernel, x.shape[3], y.shape[3]))
    for at in parts:
        dw[at] = np.einsum("nijc,nijo->co", parts[at], y)
    return dw


class Net:
    """Layers in a row. Tensors are (name, shape, deviation, mean, is a statistic) in the order of the layers."""

    def __init__(self, prefix, shape):
        self.prefix, self.shape, self.layers, self.tensors = prefix, shape, [], []

    def tensor(self, layer, part, shape, deviation=0., mean=0., state=False):
        name = f"{self.prefix}/{layer}/{part}"
        self.tensors.append((name, tuple(shape), deviation, mean, state))
        return name

    def add(self, kind, shape, **what):
        self.layers.append(dict(what, kind=kind, before=self.shape, after=shape))
        self.shape = shape

    def conv(self, name, side, channels, kernel, stride, pad):
        h, c = self.shape[0], self.shape[2]
        w = self.tensor(name, "weight", (kernel, kernel, c, channels), (2 / (kernel * kernel * c)) ** .5)
        self.add("conv", (side, side, channels), w=w, stride=stride, pad=pad)

    def deconv(self, name, side, channels, kernel, stride, pad, last):
        """Each output pixel is reached from kernel² / stride² places of each input channel."""
        c = self.shape[2]
        deviation = ((1 if last else 2) / (kernel * kernel * c / stride ** 2)) ** .5
        w = self.tensor(name, "weight", (kernel, kernel, channels, c), deviation)
        self.add("deconv", (side, side, channels), w=w, stride=stride, pad=pad)
        if last:
            self.add("bias", self.shape, b=self.tensor(name, "bias", (channels,)))

    def dense(self, name, shape, bias, gain):
        inputs, outputs = int(np.prod(self.shape)), int(np.prod(shape))
        w = self.tensor(name, "weight", (inputs, outputs), (gain / inputs) ** .5)
        self.add("dense", (1, 1, outputs), w=w)
        if bias:
            self.add("bias", self.shape, b=self.tensor(name, "bias", (outputs,)))
        self.add("shape", shape)

    def norm_relu(self, name):
        c = (self.shape[2],)
        names = dict(gamma=self.tensor(name, "gamma", c, mean=1.), beta=self.tensor(name, "beta", c),
                     mean=self.tensor(name, "running_mean", c, state=True),
                     var=self.tensor(name, "running_var", c, mean=1., state=True))
        self.add("norm", self.shape, **names)
        self.add("relu", self.shape)

    def forward(self, x, values, seen=None, margins=None):
        """values: all tensors. With `seen` (training) batch norms use this batch and leave its statistics there."""
        tape = []
        for l in self.layers:
            kept = x
            if l["kind"] == "conv":
                x = convolve(x, values[l["w"]], l["stride"], l["pad"], l["after"][0])
            elif l["kind"] == "deconv":
                x = convolve_adjoint(x, values[l["w"]], l["stride"], l["pad"], l["after"][0])
            elif l["kind"] == "dense":
                x = (x.reshape(len(x), -1) @ values[l["w"]]).reshape(len(x), *l["after"])
            elif l["kind"] == "bias":
                x = x + values[l["b"]]
            elif l["kind"] == "shape":
                x = x.reshape(len(x), *l["after"])
            elif l["kind"] == "norm":
                mean, var = values[l["mean"]], values[l["var"]]
                if seen is not None:
                    count = x[..., 0].size
                    mean = x.mean((0, 1, 2))
                    var = ((x - mean) ** 2).mean((0, 1, 2))
                    seen[l["mean"]], seen[l["var"]] = mean, var * count / (count - 1)
                normed = (x - mean) / np.sqrt(var + EPSILON)
                kept = normed, np.sqrt(var + EPSILON)
                x = values[l["gamma"]] * normed + values[l["beta"]]
            elif l["kind"] == "relu":
                if margins is not None:
                    margins.append(np.abs(x).min())
                x = np.maximum(x, 0)
            else:
                kept = x = 1 / (1 + np.exp(-x))
            tape.append(kept)
        return x, tape

    def backward(self, tape, dy, values, gradient):
        for l, kept in zip(reversed(self.layers), reversed(tape)):
            kind = l["kind"]
            if kind == "conv":
                gradient[l["w"]] = weight_gradient(kept, dy, values[l["w"]].shape[0], l["stride"], l["pad"])
                dy = convolve_adjoint(dy, values[l["w"]], l["stride"], l["pad"], l["before"][0])
            elif kind == "deconv":
                gradient[l["w"]] = weight_gradient(dy, kept, values[l["w"]].shape[0], l["stride"], l["pad"])
                dy = convolve(dy, values[l["w"]], l["stride"], l["pad"], l["before"][0])
            elif kind == "dense":
                flat = dy.reshape(len(dy), -1)
                gradient[l["w"]] = kept.reshape(len(dy), -1).T @ flat
                dy = (flat @ values[l["w"]].T).reshape(kept.shape)
            elif kind == "bias":
                gradient[l["b"]] = dy.sum((0, 1, 2))
            elif kind == "shape":
                dy = dy.reshape(kept.shape)
            elif kind == "norm":
                normed, deviation = kept
                gradient[l["gamma"]], gradient[l["beta"]] = (dy * normed).sum((0, 1, 2)), dy.sum((0, 1, 2))
                d = dy * values[l["gamma"]]
                dy = (d - d.mean((0, 1, 2)) - normed * (d * normed).mean((0, 1, 2))) / deviation
            elif kind == "relu":
                dy = dy * (kept > 0)
            else:
                dy = dy * kept * (1 - kept)
        return dy


def dcgan(side, channels, base, latent, head):
    """Radford et al. 2016: sides halve until 4 to 7 are left, channels double up to eight times the base."""
    encoder, decoder, shapes = Net("encoder", (side, side, channels)), Net("decoder", (1, 1, latent)), [(side, channels)]
    while shapes[-1][0] >= 8:
        shapes.append((shapes[-1][0] // 2, base * min(2 ** (len(shapes) - 1), 8)))
    levels = len(shapes) - 1
    for i in range(1, levels + 1):
        encoder.conv(f"conv{i}", *shapes[i], 4, 2, 1)
        encoder.norm_relu(f"bn{i}")
    encoder.dense("dense", (1, 1, head), True, 1)
    decoder.dense("dense", (shapes[-1][0],) * 2 + (shapes[-1][1],), False, 2)
    decoder.norm_relu("bn0")
    for i in range(1, levels + 1):
        decoder.deconv(f"deconv{i}", *shapes[levels - i], 4, 2, 1, i == levels)
        if i < levels:
            decoder.norm_relu(f"bn{i}")
    decoder.add("sigmoid", decoder.shape)
    return encoder, decoder


def wae(side, channels, base, latent, head):
    """Tolstikhin et al. 2018: 5 × 5 kernels with TensorFlow's SAME padding, the decoder from an eighth of the side."""
    encoder, decoder = Net("encoder", (side, side, channels)), Net("decoder", (1, 1, latent))
    for i in range(4):
        encoder.conv(f"conv{i + 1}", side // 2 ** (i + 1), base * 2 ** i, 5, 2, 1)
        encoder.norm_relu(f"bn{i + 1}")
    encoder.dense("dense", (1, 1, head), True, 1)
    decoder.dense("dense", (side // 8, side // 8, 8 * base), True, 2)
    decoder.layers[-1:] = []  # the bias is one of each value of the image, so the shape comes after it
    decoder.add("shape", (side // 8, side // 8, 8 * base))
    decoder.add("relu", decoder.shape)
    for i in range(1, 4):
        decoder.deconv(f"deconv{i}", side // 8 * 2 ** i, base * 2 ** (3 - i), 5, 2, 1, False)
        decoder.norm_relu(f"bn{i}")
    decoder.deconv("deconv4", side, channels, 5, 1, 2, True)
    decoder.add("sigmoid", decoder.shape)
    return encoder, decoder


PRESETS = {"dcgan64": (dcgan, 64, 128), "wae64": (wae, 128, 64), "tiny16": (dcgan, 8, 16)}

# ---- losses: of images [n, h, w, c], value [n] and gradient with respect to y -------------------------


def window(side, gaussian, sigma):
    at = np.arange(side) - (side - 1) / 2
    taps = np.exp(-at ** 2 / (2 * (sigma or side * 1.5 / 11) ** 2)) if gaussian else np.ones(side)
    return np.outer(taps, taps) / taps.sum() ** 2


class Moments:
    """Weighted means and central moments of every window."""

    def __init__(self, x, y, weights):
        side = weights.shape[0]
        h, w = x.shape[1] - side + 1, x.shape[2] - side + 1
        self.places = [(a, b, weights[a, b], slice(a, a + h), slice(b, b + w)) for a in range(side) for b in range(side)]
        self.x, self.y, self.count = x, y, h * w * x.shape[3]
        self.mx, self.my = self.mean(lambda p, q: p), self.mean(lambda p, q: q)
        self.vx = self.mean(lambda p, q: (p - self.mx) ** 2)
        self.vy = self.mean(lambda p, q: (q - self.my) ** 2)
        self.vxy = self.mean(lambda p, q: (p - self.mx) * (q - self.my))

    def mean(self, f):
        return sum(weight * f(self.x[:, i, j], self.y[:, i, j]) for _, _, weight, i, j in self.places)

    def gradient(self, d_my, d_vy, d_vxy):
        """Of the mean over windows and channels of what has these derivatives."""
        dy = np.zeros_like(self.y)
        for _, _, weight, i, j in self.places:
            dy[:, i, j] += weight * (d_my + 2 * d_vy * (self.y[:, i, j] - self.my) + d_vxy * (self.x[:, i, j] - self.mx))
        return dy / self.count


def power(t, q):
    """t^q and its derivative: exact for 0 and 1, else from .01 up, and its tangent at .01 below."""
    if q == 0 or q == 1:
        return t ** q, np.full_like(t, q)
    base = np.maximum(t, 1e-2)
    slope = q * base ** (q - 1)
    return base ** q + slope * (t - base), slope


def contrast_structure(m, o, c2, c3):
    """c^beta · s^gamma and its derivatives with respect to the variance of y and the covariance."""
    if o["beta"] == o["gamma"] and c3 == c2 / 2:
        b2 = m.vx + m.vy + c2
        value, slope = power((2 * m.vxy + c2) / b2, o["beta"])
        return value, -slope * (2 * m.vxy + c2) / b2 ** 2, 2 * slope / b2
    sx, sy = np.sqrt(np.maximum(m.vx, 0) + 1e-12), np.sqrt(np.maximum(m.vy, 0) + 1e-12)
    b2, b3 = sx ** 2 + sy ** 2 + c2, sx * sy + c3
    c, s = (2 * sx * sy + c2) / b2, (m.vxy + c3) / b3
    pc, slope_c = power(c, o["beta"])
    ps, slope_s = power(s, o["gamma"])
    d_sy = slope_c * ps * 2 * (sx - c * sy) / b2 - slope_s * pc * s * sx / b3
    return pc * ps, d_sy / (2 * sy), pc * slope_s / b3


def structural(x, y, o, weights, product):
    c1, c2 = o["k1"] ** 2, o["k2"] ** 2
    m = Moments(x, y, weights)
    b1 = m.mx ** 2 + m.my ** 2 + c1
    l, slope = power((2 * m.mx * m.my + c1) / b1, o["alpha"])
    d_l = slope * 2 * (m.mx - (2 * m.mx * m.my + c1) / b1 * m.my) / b1
    cs, d_vy, d_vxy = contrast_structure(m, o, c2, o["c3"] or c2 / 2)
    if product:
        return 1 - (l * cs).mean((1, 2, 3)), m.gradient(-cs * d_l, -l * d_vy, -l * d_vxy)
    return 2 - (l + cs).mean((1, 2, 3)), m.gradient(-d_l, -d_vy, -d_vxy)


def reconstruction(x, y, o):
    if o["loss"] == "mse":
        return ((y - x) ** 2).mean((1, 2, 3)), 2 * (y - x) / x[0].size
    if o["loss"] == "ssim":
        return structural(x, y, o, window(o["ssim-window"], o["ssim-shape"] == "gaussian", o["sigma"]), True)
    sides, weights = ([float(v) for v in o[key].split(",")] for key in ("windows", "window-weights"))
    weights = weights * len(sides) if len(weights) == 1 else weights
    value, gradient = 0, 0
    for side, weight in zip(sides, weights):
        v, g = structural(x, y, o, window(int(side), o["window-shape"] == "gaussian", o["sigma"]), False)
        value, gradient = value + weight / len(sides) * v, gradient + weight / len(sides) * g
    return value, gradient


def kl(mu, logvar):
    """Kingma & Welling 2014, appendix B: value [n], gradients."""
    return (.5 * (np.exp(logvar) + mu ** 2 - 1 - logvar)).sum(1), mu, .5 * (np.exp(logvar) - 1)


def mmd(codes, prior, sigma):
    """Tolstikhin et al. 2018: unbiased within, all pairs across; its gradient with respect to the codes."""
    n, latent = codes.shape
    value, gradient = 0., np.zeros_like(codes)
    for spread in SPREADS:
        scale = 2 * latent * sigma ** 2 * spread
        for i in range(n):
            for j in range(n):
                if i != j:
                    d = codes[i] - codes[j]
                    k, kp = scale / (scale + d @ d), scale / (scale + np.sum((prior[i] - prior[j]) ** 2))
                    value += (k + kp) / (n * (n - 1))
                    gradient[i] += 2 * -2 * k * k / scale * d / (n * (n - 1))
                d = codes[i] - prior[j]
                k = scale / (scale + d @ d)
                value -= 2 * k / n ** 2
                gradient[i] -= 2 * -2 * k * k / scale * d / n ** 2
    return value, gradient


def recon_weight(o, pixels):
    """0: fair. MSE weighs as the Gaussian likelihood (VAE) or Tolstikhin et al. have it, other losses .07 of that."""
    if o["recon-weight"] or o["model"] == "ae":
        return o["recon-weight"] or 1.
    return pixels / (2 if o["model"] == "vae" else 5) * (1 if o["loss"] == "mse" else .07)


# ---- the trainer ------------------------------------------------------------------------------------------

class Trainer:
    def __init__(self, shape, keys):
        self.o = o = train_cases.options_of(keys)
        self.side, self.channels = shape
        build, base, latent = PRESETS[o["preset"]]
        self.latent = o["latent"] or latent
        self.vae = o["model"] == "vae"
        self.encoder, self.decoder = build(self.side, self.channels, o["base-channels"] or base, self.latent,
                                           self.latent * (2 if self.vae else 1))
        self.weight = recon_weight(o, self.side * self.side * self.channels)
        self.tensors = self.encoder.tensors + self.decoder.tensors
        self.values = {name: mean + (deviation * normal(o["seed"], INIT, i, int(np.prod(size))) if deviation else
                                     np.zeros(int(np.prod(size)))).reshape(size)
                       for i, (name, size, deviation, mean, _) in enumerate(self.tensors)}
        self.trained = [name for name, _, _, _, state in self.tensors if not state]
        self.m = {name: 0 * self.values[name] for name in self.trained}
        self.v = {name: 0 * self.values[name] for name in self.trained}
        self.pixels = train_cases.images("train", *shape) / 255
        self.per_epoch = len(self.pixels) // o["batch-size"]
        self.total = o["steps"] or o["epochs"] * self.per_epoch
        self.margin = 1.

    def encode(self, head, noise):
        if not self.vae:
            return head
        mu, logvar = head[:, :self.latent], head[:, self.latent:]
        return mu + np.exp(logvar / 2) * noise

    def objective(self, step, values=None, want_gradient=True):
        """The loss of step `step` (from 0) and its parts, the gradient, and the micro-batches' statistics."""
        o, values = self.o, self.values if values is None else values
        batch, latent = o["batch-size"], self.latent
        micro = batch // o["micro-batches"]
        self.rows = rows_of(o, len(self.pixels), step)
        noise = normal(o["seed"], LATENT, step, batch * latent).reshape(batch, latent)
        prior = o["prior-sigma"] * normal(o["seed"], PRIOR, step, batch * latent).reshape(batch, latent)
        parts, margins = [], []
        for first in range(0, batch, micro):
            x, eps, seen = self.pixels[self.rows[first:first + micro]], noise[first:first + micro], {}
            head, tape_e = self.encoder.forward(x, values, seen, margins)
            head = head.reshape(micro, -1)
            z = self.encode(head, eps)
            y, tape_d = self.decoder.forward(z.reshape(micro, 1, 1, latent), values, seen, margins)
            parts.append((x, eps, seen, head, tape_e, z, y, tape_d))
        self.margin = min(self.margin, min(margins))
        codes_mmd, d_mmd = mmd(np.concatenate([p[5] for p in parts]), prior, o["prior-sigma"]) \
            if o["model"] == "mmd-ae" else (0., np.zeros((batch, latent)))
        recon = divergence = 0.
        total = {name: 0. for name in self.trained}
        for i, (x, eps, seen, head, tape_e, z, y, tape_d) in enumerate(parts):
            value, dy = reconstruction(x, y, o)
            recon += value.sum() / batch
            if self.vae:
                value, d_mu, d_logvar = kl(head[:, :latent], head[:, latent:])
                divergence += value.sum() / batch
            if not want_gradient:
                continue
            gradient = {}
            dz = self.decoder.backward(tape_d, self.weight * dy / batch, values, gradient).reshape(micro, latent)
            if self.vae:
                d_mu, d_logvar = d_mu * o["kl-weight"] / batch, d_logvar * o["kl-weight"] / batch
                d_head = np.concatenate([dz + d_mu, dz * eps * np.exp(head[:, latent:] / 2) / 2 + d_logvar], 1)
            else:
                d_head = dz + o["mmd-weight"] * d_mmd[i * micro:(i + 1) * micro]
            self.encoder.backward(tape_e, d_head.reshape(micro, 1, 1, -1), values, gradient)
            for name in self.trained:
                total[name] = total[name] + gradient[name]
        loss = self.weight * recon + o["kl-weight"] * divergence + o["mmd-weight"] * codes_mmd
        return (loss, recon, divergence, codes_mmd), total, [p[2] for p in parts]

    def rate(self, step):
        o, warm = self.o, self.o["warmup-steps"]
        if step < warm:
            return o["lr"] * (step + 1) / warm
        if o["schedule"] == "cosine":
            return o["lr-min"] + (o["lr"] - o["lr-min"]) * (1 + np.cos(np.pi * (step - warm) / (self.total - warm))) / 2
        return o["lr"] * (o["decay-factor"] ** ((step - warm) // o["decay-every"]) if o["schedule"] == "step" else 1)

    def update(self, step, gradient, seen):
        """Kingma & Ba 2015 with the decay of Loshchilov & Hutter 2019, or You et al. 2020, algorithm 2: decay and trust
        ratio for whatever is a matrix or a kernel."""
        o, lr = self.o, self.rate(step)
        norm = np.sqrt(sum((g ** 2).sum() for g in gradient.values()))
        scale = o["clip-norm"] / norm if 0 < o["clip-norm"] < norm else 1.
        lamb = o["optimizer"] == "lamb"
        b1, b2, epsilon = (o[f"{o['optimizer']}-{key}"] for key in ("beta1", "beta2", "epsilon"))
        for name in self.trained:
            g, theta = scale * gradient[name], self.values[name]
            self.m[name] = b1 * self.m[name] + (1 - b1) * g
            self.v[name] = b2 * self.v[name] + (1 - b2) * g * g
            m, v = self.m[name] / (1 - b1 ** (step + 1)), self.v[name] / (1 - b2 ** (step + 1))
            direction = m / (np.sqrt(v) + epsilon)
            if theta.ndim > 1:
                direction = direction + o["weight-decay"] * theta
            if lamb and theta.ndim > 1:
                norms = np.sqrt((theta ** 2).sum()), np.sqrt((direction ** 2).sum())
                direction = direction * (norms[0] / norms[1] if min(norms) > 0 else 1)
            self.values[name] = theta - lr * direction
        for name in seen[0]:
            mean = sum(s[name] for s in seen) / len(seen)
            self.values[name] = (1 - o["bn-momentum"]) * self.values[name] + o["bn-momentum"] * mean
        return norm, lr

    def metrics(self, split):
        """Each image's, with running statistics and without noise."""
        x = train_cases.images(split, self.side, self.channels) / 255
        head, _ = self.encoder.forward(x, self.values)
        z = head.reshape(len(x), -1)[:, :self.latent]
        y, _ = self.decoder.forward(z.reshape(len(x), 1, 1, -1), self.values)
        return metrics(x, np.clip(y, 0, 1))


# ---- metrics -----------------------------------------------------------------------------------------------

def similarity(x, y, weights, sample=1.):
    """SSIM and its contrast-structure, [n, channels]; Wang et al. 2004."""
    m, c1, c2 = Moments(x, y, weights), .01 ** 2, .03 ** 2
    cs = (2 * sample * m.vxy + c2) / (sample * (m.vx + m.vy) + c2)
    l = (2 * m.mx * m.my + c1) / (m.mx ** 2 + m.my ** 2 + c1)
    return (l * cs).mean((1, 2)), cs.mean((1, 2))


def ms_ssim(x, y):
    value = 1.
    for scale, weight in enumerate((.071055, .452974, .475971)):
        ssim, cs = similarity(x, y, window(11, True, 1.5))
        value = value * np.maximum(ssim if scale == 2 else cs, 0) ** weight
        x, y = ((a[:, ::2, ::2] + a[:, 1::2, ::2] + a[:, ::2, 1::2] + a[:, 1::2, 1::2]) / 4 for a in (x, y))
    return value.mean(1)


def metrics(x, y):
    mse = ((x - y) ** 2).mean((1, 2, 3))
    return np.stack([similarity(x, y, window(11, True, 1.5))[0].mean(1),
                     similarity(x, y, window(7, False, 0), 49 / 48)[0].mean(1),
                     ms_ssim(x, y) if x.shape[1] >= 44 else np.full(len(x), np.nan), mse, -10 * np.log10(mse)], 1)


def run(name, shape, keys):
    """Trains; what train_cases.write_golden() wants of it, and how near a ReLU's input came to 0."""
    t = Trainer(shape, keys)
    every = t.o["eval-every"]
    every = t.per_epoch if every == "1epoch" else int(every)
    steps, evaluations = [], []
    for step in range(t.total):
        parts, gradient, seen = t.objective(step)
        norm, lr = t.update(step, gradient, seen)
        steps.append(parts + (norm, lr, train_cases.rows_mark(t.rows)))
        if step + 1 == t.total or every and (step + 1) % every == 0:
            evaluations.append((step + 1, t.metrics("valid").mean(0)))
    test = t.metrics("test")
    error = np.sqrt(((test - test.mean(0)) ** 2).sum(0) / (len(test) - 1) / len(test))
    tensors = []
    for i, (tensor, _, _, _, state) in enumerate(t.tensors):
        marks = train_cases.marks(i, t.values[tensor])
        if not state:
            marks += train_cases.marks(i, t.m[tensor]) + train_cases.marks(i, t.v[tensor])
        tensors.append((tensor, state, t.values[tensor].size, marks))
    return (name, shape, keys, steps, evaluations, (test.mean(0), error), tensors), t


def check(name, shape, keys):
    """The largest difference to central differences, of the gradient's largest element in the tensor."""
    t = Trainer(shape, keys)
    _, gradient, _ = t.objective(0)
    worst, h = 0., 1e-6
    for tensor in t.trained:
        g, largest = gradient[tensor], np.abs(gradient[tensor]).max()
        for at in {int(np.abs(g).argmax()), g.size // 3, g.size - 1}:
            sides = []
            for d in (h, -h):
                changed = t.values[tensor].copy()
                changed.flat[at] += d
                sides.append(t.objective(0, dict(t.values, **{tensor: changed}), False)[0][0])
            worst = max(worst, abs((sides[0] - sides[1]) / (2 * h) - g.flat[at]) / largest)
    return worst


def main():
    what, only = (sys.argv[1:] + ["", ""])[:2]
    runs, failed = [], False
    for case in train_cases.CASES:
        if only and case[0] != only:
            continue
        if what == "--check":
            worst = check(*case)
            failed = failed or worst > 1e-5
            print(f"{case[0]}: gradient within {worst:.2g} of central differences")
            continue
        result, trainer = run(*case)
        runs.append(result)
        if what == "--margins":
            print(f"{case[0]}: loss {result[3][0][0]:.5g} -> {result[3][-1][0]:.5g}, gradient norm {result[3][0][4]:.4g} -> "
                  f"{result[3][-1][4]:.4g}, ReLUs stay {trainer.margin:.2g} away from 0")
    if not what:
        train_cases.write_golden(runs)
    return failed


if __name__ == "__main__":
    sys.exit(main())
