#!/usr/bin/python3
"""Compares `lwssim compare` with scikit-image, and its MS-SSIM and losses with a naive NumPy version.

Pairs of PNGs are generated: noise, shapes, flat and equal images, in grey and colour, of odd and of small sizes. The
program holds pixels as 32-bit floats (byte / 255, rounded), so the peers are given exactly those, widened to double.

usage: skimage_compare.py [--lwssim PROGRAM] [--seed N]
exit code: 0 all within the limits, 1 not, 77 a package is missing
"""
import argparse
import json
import os
import sys
import tempfile

import peer

np, color, metrics, Image = peer.need("numpy", "skimage.color", "skimage.metrics", "PIL.Image")

LIMIT = 1e-9
WEIGHTS = (.071055, .452974, .475971)      # of the scales of MS-SSIM-3
SMALLEST = {"ssim_g11": 11, "ssim_u7": 7, "ms_ssim3": 44, "loss_ssim": 11, "loss_lwssim": 11,
            "loss_ms-ssim-3": 44, "loss_lwssim-product": 11, "loss_lwssim-coarsest": 11,
            "loss_lwssim-product-coarsest": 11}


# ---- pictures --------------------------------------------------------------------------------------

def scene(rng, height, width, channels):
    """Something with edges, slopes and texture: discs on a gradient."""
    y, x = np.mgrid[:height, :width]
    image = np.empty((height, width, channels))
    for k in range(channels):
        image[..., k] = 110 + 90 * np.sin(x / (5 + 3 * k)) * np.cos(y / 11) * (x / width)
    for _ in range(12):
        cy, cx, r = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(2, 1 + min(height, width) / 4)
        image[(y - cy) ** 2 + (x - cx) ** 2 < r * r] = rng.uniform(0, 255, channels)
    return image + rng.normal(0, 3, image.shape)


def to_bytes(image):
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def pairs(rng):
    """(name, original, other): uint8 [h, w, c]."""
    sizes = [(64, 64), (45, 61), (97, 83), (178, 218), (44, 44), (46, 45), (43, 50),
             (11, 11), (12, 30), (10, 9), (7, 7), (5, 8)]
    for height, width in sizes:
        for channels in (3, 1):
            shape = (height, width, channels)
            name = f"{height}x{width}x{channels}"
            a = scene(rng, *shape)
            blurred = (a + np.roll(a, 1, 0) + np.roll(a, 1, 1) + np.roll(a, -1, 0) + np.roll(a, -1, 1)) / 5
            yield name + " scene/noisy", to_bytes(a), to_bytes(a + rng.normal(0, 20, shape))
            yield name + " scene/blurred", to_bytes(a), to_bytes(blurred)
            yield name + " scene/inverse", to_bytes(a), 255 - to_bytes(a)
            yield name + " noise/noise", *(rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(2))
            yield name + " flat/flat", np.full(shape, 64, np.uint8), np.full(shape, 191, np.uint8)
            yield name + " white/almost", np.full(shape, 255, np.uint8), 255 - rng.integers(0, 2, shape, dtype=np.uint8)
            yield name + " equal", to_bytes(a), to_bytes(a)


# ---- peers: doubles [h, w, c] ------------------------------------------------------------------------

def window_mean(image, taps_y, taps_x):
    """Weighted means of all windows that lie inside, by sliding views: no running sums."""
    view = np.lib.stride_tricks.sliding_window_view(image, (len(taps_y), len(taps_x)), axis=(0, 1))
    return np.einsum("ijcyx,y,x->ijc", view, taps_y, taps_x)


def structure(x, y, taps, k1=.01):
    c1, c2 = k1 ** 2, .03 ** 2
    mx, my = window_mean(x, taps, taps), window_mean(y, taps, taps)
    vx = window_mean(x * x, taps, taps) - mx * mx
    vy = window_mean(y * y, taps, taps) - my * my
    vxy = window_mean(x * y, taps, taps) - mx * my
    return (2 * mx * my + c1) / (mx * mx + my * my + c1), (2 * vxy + c2) / (vx + vy + c2)


def gaussian():
    taps = np.exp(-(np.arange(11) - 5.) ** 2 / (2 * 1.5 ** 2))
    return taps / taps.sum()


def half(image):
    """2×2 means; a side of odd length has a row of zeros put before it."""
    image = np.pad(image, [(side % 2, 0) for side in image.shape[:2]] + [(0, 0)])
    return (image[0::2, 0::2] + image[1::2, 0::2] + image[0::2, 1::2] + image[1::2, 1::2]) / 4


def ms_ssim3(x, y):
    result = np.ones(x.shape[2])
    for scale, weight in enumerate(WEIGHTS):
        l, cs = structure(x, y, gaussian())
        last = scale == len(WEIGHTS) - 1
        part = (l * cs if last else cs).mean((0, 1))
        result *= np.maximum(part, 0) ** weight
        x, y = half(x), half(y)
    return result.mean()


def ms_ssim3_loss(x, y):
    """As the metric, with tangents of the powers below .01 in place of zeros."""
    result = np.ones(x.shape[2])
    for scale, weight in enumerate(WEIGHTS):
        l, cs = structure(x, y, gaussian())
        part = (l * cs if scale == len(WEIGHTS) - 1 else cs).mean((0, 1))
        at = np.maximum(part, .01)
        result *= at ** weight + weight * .01 ** (weight - 1) * (part - at)
        x, y = half(x), half(y)
    return 1 - result.mean()


def around(image, sigma):
    """Gaussian means around every pixel over what of the window is in the image: a matrix for each direction."""
    def means(side):
        away = np.subtract.outer(np.arange(side), np.arange(side))
        weight = np.where(abs(away) <= np.ceil(3 * sigma), np.exp(-away ** 2 / (2 * sigma ** 2)), 0)
        return weight / weight.sum(1, keepdims=True)
    return np.einsum("ia,abk,jb->ijk", means(image.shape[0]), image, means(image.shape[1]), optimize=True)


def mix_loss(x, y):
    product = 1
    for sigma in (.5, 1, 2, 4, 8):
        mx, my = around(x, sigma), around(y, sigma)
        vx, vy = around(x * x, sigma) - mx * mx, around(y * y, sigma) - my * my
        product *= (2 * (around(x * y, sigma) - mx * my) + 9e-4) / (vx + vy + 9e-4)
    l = (2 * mx * my + 1e-4) / (mx * mx + my * my + 1e-4)       # of the widest
    return (.84 * (1 - l * product) + .16 * around(abs(x - y), 8)).mean()


def lwssim_loss(x, y):
    l_1, (l, cs) = structure(x, y, np.ones(1), .5)[0], structure(x, y, gaussian(), .5)
    return (8 * (1 - l_1).mean() + (2 - (l + cs)).mean()) / 2


def between_loss(x, y, product, coarsest):
    """What lies between the plain LWSSIM and a multi-scale SSIM."""
    levels = []
    for side in (3, 7, 11):
        l, cs = structure(x, y, np.full(side, 1 / side))
        of_both = 1 - l * cs if product else 2 - (l + cs)
        levels.append((1 - cs if coarsest and side < 11 else of_both).mean())
    return np.mean(levels)


def ssim_loss(x, y):
    l, cs = structure(x, y, gaussian())
    return 1 - (l * cs).mean()


def opponents(x, y):
    """Slope and correlation of the pooled opponent colours; None of grey."""
    if x.shape[2] == 1:
        return None, None
    o, r = (np.stack([v[..., 0] - v[..., 1], (v[..., 0] + v[..., 1]) / 2 - v[..., 2]]).ravel() for v in (x, y))
    (oo, ro), (_, rr) = np.cov(o, r, ddof=0)
    flat = max(np.ptp(o), 0) < 1e-12, max(np.ptp(r), 0) < 1e-12
    return None if flat[0] else ro / oo, None if any(flat) else ro / np.sqrt(oo * rr)


def expected(a, b):
    """Every figure that the images are large enough for."""
    x, y = ((image.astype(np.float32) / np.float32(255)).astype(np.float64) for image in (a, b))
    ssim, side = metrics.structural_similarity, min(x.shape[:2])
    peers = {
        "mse": lambda: metrics.mean_squared_error(x, y),
        "psnr": lambda: metrics.peak_signal_noise_ratio(x, y, data_range=1),
        "delta_e": lambda: color.deltaE_ciede2000(*(color.rgb2lab(np.broadcast_to(v, (*v.shape[:2], 3))) for v in (x, y))).mean(),
        "colour_slope": lambda: opponents(x, y)[0],
        "colour_correlation": lambda: opponents(x, y)[1],
        **{f"shift_{name}": lambda k=k: (y - x).mean((0, 1))[k % x.shape[2]] for k, name in enumerate("rgb")},
        "ssim_g11": lambda: ssim(x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1,
                                 channel_axis=2),
        "ssim_u7": lambda: ssim(x, y, data_range=1, channel_axis=2),
        "ms_ssim3": lambda: ms_ssim3(x, y),
        "loss_mse": lambda: metrics.mean_squared_error(x, y),
        "loss_ssim": lambda: ssim_loss(x, y),
        "loss_lwssim": lambda: lwssim_loss(x, y),
        "loss_lwssim-product": lambda: between_loss(x, y, True, False),
        "loss_lwssim-coarsest": lambda: between_loss(x, y, False, True),
        "loss_lwssim-product-coarsest": lambda: between_loss(x, y, True, True),
        "loss_mae": lambda: np.abs(x - y).mean(),
        "loss_ms-ssim-3": lambda: ms_ssim3_loss(x, y),
        "loss_mix": lambda: mix_loss(x, y),
    }
    with np.errstate(divide="ignore"):
        values = {key: peer_value() if side >= SMALLEST.get(key, 1) else None for key, peer_value in peers.items()}
    return {key: value if value is None else float(value) for key, value in values.items()}


# ---- the comparison --------------------------------------------------------------------------------

def save(image, path):
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(path)


def check_pair(checks, worst, name, ours, theirs):
    for key, value in theirs.items():
        got = ours[key]
        if value is None or value == float("inf"):      # JSON has neither NaN nor infinity
            checks.true(got is None, f"{name}: {key} is {got}, not null")
            continue
        if not checks.true(got is not None, f"{name}: {key} is null, not {value}"):
            continue
        scale = abs(value) if key == "psnr" else 1
        difference = abs(got - value) / scale
        worst[key] = max(worst.get(key, 0), difference)
        checks.true(difference <= LIMIT, f"{name}: {key} is {got!r}, the peer says {value!r}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lwssim", help="the program [environment LWSSIM]")
    p.add_argument("--seed", type=int, default=1, help="of the pictures [1]")
    options = p.parse_args()
    lwssim, checks, worst, count = peer.Program(options.lwssim), peer.Checks(), {}, 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("a.png", "b.png")]
        for name, a, b in pairs(np.random.default_rng(options.seed)):
            save(a, paths[0])
            save(b, paths[1])
            check_pair(checks, worst, name, json.loads(lwssim("compare", *paths, "--json")), expected(a, b))
            count += 1
    print(f"{count} pairs; largest differences (PSNR relative, the others absolute; limit {LIMIT:g}):")
    for key, value in worst.items():
        print(f"  {key:12s} {value:.2g}")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
