"""Writes golden.h: what scikit-image, pytorch-msssim and PyTorch make of inputs that the C tests can rebuild.

Everything is computed in float64. Run in this folder; see README.md.
"""
import numpy as np
import skimage
import torch
import torch.nn.functional as F
from pytorch_msssim.ssim import _fspecial_gauss_1d, _ssim
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from golden_data import golden_pair, golden_values

torch.set_default_dtype(torch.float64)
PAIRS = [(64, 64, 3, 1), (48, 40, 1, 2), (64, 64, 3, 3), (44, 52, 2, 4), (45, 47, 2, 7),
         (50, 61, 3, 9)]
lines = []


def emit(name, values, digits=17):
    values = np.asarray(values, dtype=np.float64).ravel()
    lines.append(f"static const double golden_{name}[{values.size}] = {{")
    texts = [f"{v:.{digits}g}" for v in values]
    per_line = 3 if digits > 12 else 5
    for i in range(0, len(texts), per_line):
        lines.append("    " + ", ".join(texts[i:i + per_line]) + ",")
    lines.append("};\n")


def nchw(a):
    """[n, h, w, c] -> [n, c, h, w], a leaf that takes gradients."""
    return torch.tensor(np.ascontiguousarray(np.moveaxis(a, -1, 1)), requires_grad=True)


def nhwc(t):
    return np.moveaxis(t.detach().numpy(), 1, -1)


# ---- metrics --------------------------------------------------------------------------------------


def ms_ssim3(x, y):
    """pytorch-msssim's own steps; its ms_ssim() refuses small images for the sake of five scales."""
    window = gaussian(11, 1.5).sum(0)[None, None, None]
    # the package makes its window in float32
    assert torch.allclose(window, _fspecial_gauss_1d(11, 1.5).double(), rtol=1e-5)
    window = window.repeat(x.shape[1], 1, 1, 1)
    weights, product = (.071055, .452974, .475971), 1
    for scale, weight in enumerate(weights):
        ssim, cs = _ssim(x, y, data_range=1.0, win=window)
        product = product * torch.relu(ssim if scale == 2 else cs)**weight
        pad = [s % 2 for s in x.shape[2:]]
        x, y = F.avg_pool2d(x, 2, padding=pad), F.avg_pool2d(y, 2, padding=pad)
    return float(product.mean())


def metrics():
    rows = []
    for h, w, c, seed in PAIRS:
        x, y = golden_pair(h, w, c, seed)
        common = dict(data_range=1, channel_axis=2)
        g11 = structural_similarity(x, y, gaussian_weights=True, sigma=1.5,
                                    use_sample_covariance=False, **common)
        u7 = structural_similarity(x, y, **common)
        ms = np.nan
        if min(h, w) >= 44:
            tx, ty = nchw(x[None]).detach(), nchw(y[None]).detach()
            ms = ms_ssim3(tx, ty)
        rows.append([h, w, c, seed, g11, u7, ms, np.mean((x - y) ** 2),
                     peak_signal_noise_ratio(x, y, data_range=1)])
    flat = np.array(rows)
    for i in range(flat.shape[0]):
        if np.isnan(flat[i, 6]):
            flat[i, 6] = -1  # not defined for this size
    emit("metrics", flat)


# ---- losses ---------------------------------------------------------------------------------------


def power(t, q):
    if q == 1:
        return t
    knee = 1e-2
    tangent = knee**q + q * knee**(q - 1) * (t - knee)
    return torch.where(t >= knee, torch.clamp(t, min=knee)**q, tangent)


def maps(x, y, window):
    """Window means as grouped convolutions; [1, c, h, w]."""
    c = x.shape[1]
    kernel = window.expand(c, 1, *window.shape)

    def mean(t):
        return F.conv2d(t, kernel, groups=c)

    mx, my = mean(x), mean(y)
    return mx, my, mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my


def similarity(x, y, window, alpha, beta, gamma):
    c1, c2 = .01**2, .03**2
    mx, my, vx, vy, vxy = maps(x, y, window)
    l = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    if beta == gamma:
        cs = power((2 * vxy + c2) / (vx + vy + c2), beta)
    else:
        sx, sy = torch.sqrt(vx + 1e-12), torch.sqrt(vy + 1e-12)
        cs = power((2 * sx * sy + c2) / (sx**2 + sy**2 + c2), beta) * \
            power((vxy + c2 / 2) / (sx * sy + c2 / 2), gamma)
    return power(l, alpha), cs


def box(side):
    return torch.full((side, side), 1 / side**2)


def gaussian(side, sigma):
    d = torch.arange(side) - (side - 1) / 2
    g = torch.exp(-d**2 / (2 * sigma**2))
    g = g / g.sum()
    return torch.outer(g, g)


def losses():
    x, y = golden_pair(12, 11, 2, 21)
    tx = nchw(x[None]).detach()
    cases = {
        "ssim": lambda t: 1 - (lambda l, cs: (l * cs).mean())(
            *similarity(tx, t, gaussian(11, 1.5), 1, 1, 1)),
        "lwssim": lambda t: sum(2 - (lambda l, cs: (l + cs).mean())(
            *similarity(tx, t, box(s), 1, 1, 1)) for s in (3, 7, 11)) / 3,
        "lwssim_powers": lambda t: sum(k * (2 - (lambda l, cs: (l + cs).mean())(
            *similarity(tx, t, box(s), 1.5, .5, 2))) for k, s in ((2, 3), (.5, 8))) / 2,
    }
    for name, loss in cases.items():
        t = nchw(y[None])
        value = loss(t)
        value.backward()
        emit(name + "_value", [float(value.detach())])
        emit(name + "_gradient", nhwc(t.grad), 10)


# ---- layers ----------------------------------------------------------------------------------------


def layers():
    """conv 4x4 stride 2 pad 1, batch norm, ReLU; transposed conv 4x4 stride 2 pad 1, bias, sigmoid."""
    x = nchw(golden_values(31, 2, 8, 8, 3))
    w = torch.tensor(golden_values(32, 4, 4, 3, 4).transpose(3, 2, 0, 1) / 4, requires_grad=True)
    gamma = torch.tensor(golden_values(33, 4) + 1, requires_grad=True)
    beta = torch.tensor(golden_values(36, 4), requires_grad=True)
    conv = F.conv2d(x, w, stride=2, padding=1)
    normed = F.batch_norm(conv, None, None, gamma, beta, training=True, eps=1e-5)
    assert normed.abs().min() > 1e-4  # far from the kink for floats
    out = F.relu(normed)
    out.backward(nchw(golden_values(35, 2, 4, 4, 4)).detach())
    emit("down_conv", nhwc(conv), 10)
    emit("down_out", nhwc(out), 10)
    emit("down_dx", nhwc(x.grad), 10)
    emit("down_dw", w.grad.numpy().transpose(2, 3, 1, 0), 10)
    emit("down_dgamma", gamma.grad.numpy(), 10)
    emit("down_dbeta", beta.grad.numpy(), 10)

    z = nchw(golden_values(41, 2, 4, 4, 4))
    u = torch.tensor(golden_values(42, 4, 4, 3, 4).transpose(3, 2, 0, 1) / 4, requires_grad=True)
    bias = torch.tensor(golden_values(43, 3), requires_grad=True)
    out = torch.sigmoid(F.conv_transpose2d(z, u, bias, stride=2, padding=1))
    out.backward(nchw(golden_values(44, 2, 8, 8, 3)).detach())
    emit("up_out", nhwc(out), 10)
    emit("up_dz", nhwc(z.grad), 10)
    emit("up_dw", u.grad.numpy().transpose(2, 3, 1, 0), 10)
    emit("up_dbias", bias.grad.numpy(), 10)


# ---- optimiser and latent penalties ------------------------------------------------------------------


def adam():
    for name, make in (("adam", lambda p: torch.optim.Adam(p, lr=.01, betas=(.5, .999))),
                       ("adamw", lambda p: torch.optim.AdamW(p, lr=.01, weight_decay=.1))):
        theta = torch.tensor(golden_values(51, 8), requires_grad=True)
        optimiser, trace = make([theta]), []
        for step in range(5):
            theta.grad = torch.tensor(golden_values(52 + step, 8))
            optimiser.step()
            trace.append(theta.detach().numpy().copy())
        emit(name, trace, 12)


def latent():
    head = torch.tensor(golden_values(61, 3, 10), requires_grad=True)
    q = torch.distributions.Normal(head[:, :5], torch.exp(head[:, 5:] / 2))
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0., 1.)).sum(1)
    kl.sum().backward()
    emit("kl", kl.detach().numpy())
    emit("kl_gradient", head.grad.numpy(), 12)

    # the loss of the original WAE-MMD program, in its matrix form
    n, dim, sigma = 6, 3, 1.
    codes = torch.tensor(golden_values(62, n, dim) * 2, requires_grad=True)
    prior = torch.tensor(golden_values(63, n, dim) * 2)

    def distances(a, b):
        return (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T

    stat = 0
    for scale in (.1, .2, .5, 1, 2, 5, 10):
        c = 2 * dim * sigma**2 * scale
        same = c / (c + distances(codes, codes)) + c / (c + distances(prior, prior))
        same = (same * (1 - torch.eye(n))).sum() / (n * n - n)
        stat = stat + same - 2 * (c / (c + distances(codes, prior))).sum() / n**2
    stat.backward()
    emit("mmd", [float(stat.detach())])
    emit("mmd_gradient", codes.grad.numpy(), 12)


lines.append(f"""/* Written by generate.py with scikit-image {skimage.__version__}, pytorch-msssim, PyTorch \
{torch.__version__.split('a')[0]}. Do not edit.
 * Include in one file only. */
/* clang-format off */
#ifndef LWS_GOLDEN_H
#define LWS_GOLDEN_H

/* Rows of h, w, c, seed, SSIM-G11, SSIM-U7, MS-SSIM-3 (-1: too small), MSE, PSNR. */""")
metrics()
losses()
layers()
adam()
latent()
lines.append("#endif")
with open("golden.h", "w") as out:
    out.write("\n".join(lines) + "\n")
