"""Writes student_golden.h: tails and quantiles of Student's distribution, Holm's correction, and paired intervals, by scipy
and numpy. Run in this folder: python3 student_scipy.py
"""
import numpy as np
import scipy
from scipy import optimize, stats

lines = [f"/* By student_scipy.py with scipy {scipy.__version__}: see README.md. */", "/* clang-format off */"]


def emit(name, rows):
    rows = np.asarray(rows, dtype=np.float64)
    lines.append(f"static const double golden_{name}[{len(rows)}][{rows.shape[1]}] = {{")
    lines.extend("    {" + ", ".join(f"{v:.17g}" for v in row) + "}," for row in rows)
    lines.append("};")


def quantile(tail, df):
    """stats.t.isf() has nine digits; sf() has all of them."""
    near = stats.t.isf(tail, df)
    return optimize.brentq(lambda t: np.log(stats.t.sf(t, df) / tail), near * .999, near * 1.001, xtol=1e-300, rtol=1e-15)


def paired(d):
    """The interval of src/table/stats.h, by other means: mean squares by numpy, quantiles and roots by scipy."""
    s, n = d.shape
    mean = d.mean()
    image, seed = d.mean(0), d.mean(1)
    if s == 1:
        parts = [(image.var(ddof=1) / n, n - 1)]
    else:
        rest = d - image[None] - seed[:, None] + mean
        ms_seed, ms_image = n * seed.var(ddof=1), s * image.var(ddof=1)
        ms_rest = (rest ** 2).sum() / ((s - 1) * (n - 1))
        parts = [(ms_seed / (s * n), s - 1), (max(ms_image - ms_rest, 0) / (s * n), n - 1)]

    def half(tail):
        return np.sqrt(sum(v * quantile(tail, df) ** 2 for v, df in parts))

    log_p = optimize.brentq(lambda u: half(np.exp(u) / 2) - abs(mean), np.log(1e-12), -1e-9, xtol=1e-14)
    return [mean, mean - half(.025), mean + half(.025), np.exp(log_p)]


def values(seeds, images, case):
    """As in tests/unit/test_stats.c."""
    s, i = np.meshgrid(np.arange(seeds), np.arange(images), indexing="ij")
    return np.sin(1 + 3. * s + case) * .1 + np.cos(2.5 * i) * .3 + np.sin(7. * s + 1.7 * i * i) * .2 + .1 * case


emit("student_tail", [[t, df, stats.t.sf(t, df)] for df in (1, 2, 3, 4.5, 9, 49, 499, 19999)
                      for t in (0, 1e-6, .1, .7, 1, 2.2, 5, 30, 1e4)
                      if stats.t.sf(t, df) > 1e-290])
emit("student_quantile", [[p, df, quantile(p, df)] for df in (1, 2, 3, 4.5, 9, 49, 499, 19999)
                          for p in (.4, .05, .025, .0012, 1e-9, 1e-60) if stats.t.isf(p, df) > 0])
emit("paired", [[s, n, case, *paired(values(s, n, case))] for s, n in ((1, 40), (2, 7), (3, 25), (5, 60))
                for case in (0, 1, 3)])
open("student_golden.h", "w").write("\n".join(lines) + "\n")
