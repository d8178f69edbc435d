#!/usr/bin/python3
"""Holds what the program prints against the truth: figures.py compare|evaluate|bench|grid FILE…

Plain Python, by the definitions: nothing of the program's and no library but Python's own. Prints what is wrong; exit code 1
where anything is.
"""
import json
import math
import re
import sys

import png

wrong = []


def near(what, found, wanted, tolerance):
    """tolerance: relative, and absolute below 1."""
    if not isinstance(found, (int, float)) or not abs(found - wanted) <= tolerance * max(1e-6, abs(wanted)):
        wrong.append(f"{what} is {found} in place of {wanted}")


def same(what, found, wanted):
    if found != wanted:
        wrong.append(f"{what} is {found!r} in place of {wanted!r}")


def read_ppm(path):
    data = open(path, "rb").read()
    match = re.match(rb"P6\s(\d+)\s(\d+)\s255\s", data)
    return int(match[1]), int(match[2]), data[match.end():]


# ---- compare -----------------------------------------------------------------------------------------

def windows(w, h, taps):
    side = len(taps)
    for top in range(h - side + 1):
        for left in range(w - side + 1):
            yield [((top + i) * w + left + j, taps[i] * taps[j]) for i in range(side) for j in range(side)]


def parts(x, y, window, covariance, c1=1e-4):
    """Luminance, and contrast and structure, of a window."""
    mx = sum(k * x[p] for p, k in window)
    my = sum(k * y[p] for p, k in window)
    vx = covariance * sum(k * (x[p] - mx) ** 2 for p, k in window)
    vy = covariance * sum(k * (y[p] - my) ** 2 for p, k in window)
    vxy = covariance * sum(k * (x[p] - mx) * (y[p] - my) for p, k in window)
    return (2 * mx * my + c1) / (mx * mx + my * my + c1), (2 * vxy + 9e-4) / (vx + vy + 9e-4)


def similarity(x, y, w, h, taps, covariance, combine, c1=1e-4):
    """Mean over all windows of combine(luminance, contrast-structure)."""
    total = count = 0
    for window in windows(w, h, taps):
        total += combine(*parts(x, y, window, covariance, c1))
        count += 1
    return total / count


def around(w, h, sigma):
    """For every pixel the pixels around it that are in the image, with weights of sum 1."""
    radius = math.ceil(3 * sigma)
    for i in range(h):
        for j in range(w):
            window = [(r * w + c, math.exp(-((r - i) ** 2 + (c - j) ** 2) / (2 * sigma ** 2)))
                      for r in range(max(i - radius, 0), min(i + radius + 1, h))
                      for c in range(max(j - radius, 0), min(j + radius + 1, w))]
            total = sum(k for _, k in window)
            yield [(p, k / total) for p, k in window]


def mix(x, y, w, h):
    product = [1] * len(x)
    for sigma in (.5, 1, 2, 4, 8):
        for pixel, window in enumerate(around(w, h, sigma)):
            l, cs = parts(x, y, window, 1)
            product[pixel] *= l * cs if sigma == 8 else cs
    error = sum(k * abs(x[p] - y[p]) for window in around(w, h, 8) for p, k in window) / len(x)
    return .84 * (1 - sum(product) / len(x)) + .16 * error


def gaussian():
    taps = [math.exp(-.5 * ((i - 5) / 1.5) ** 2) for i in range(11)]
    return [t / sum(taps) for t in taps]


def lab(r, g, b):
    r, g, b = (((v + .055) / 1.055) ** 2.4 if v > .04045 else v / 12.92 for v in (r, g, b))
    x, y, z = (t ** (1 / 3) if t > .008856 else 7.787 * t + 16 / 116
               for t in ((.412453 * r + .357580 * g + .180423 * b) / .95047, .212671 * r + .715160 * g + .072169 * b,
                         (.019334 * r + .119193 * g + .950227 * b) / 1.08883))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(one, other):
    """Sharma, Wu & Dalal 2005, with angles in degrees."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    sine, cosine = (lambda v: math.sin(math.radians(v))), (lambda v: math.cos(math.radians(v)))
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1.5 - .5 * math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7))
    c1, c2 = math.hypot(stretch * a1, b1), math.hypot(stretch * a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, stretch * a1)) % 360, math.degrees(math.atan2(b2, stretch * a2)) % 360
    turn, h = h2 - h1, (h1 + h2) / 2
    if abs(turn) > 180:
        turn, h = turn - math.copysign(360, turn), h + (180 if h < 180 else -180)
    l, c = (l1 + l2) / 2, (c1 + c2) / 2
    t = 1 - .17 * cosine(h - 30) + .24 * cosine(2 * h) + .32 * cosine(3 * h + 6) - .2 * cosine(4 * h - 63)
    dl = (l2 - l1) / (1 + .015 * (l - 50) ** 2 / math.sqrt(20 + (l - 50) ** 2))
    dc = (c2 - c1) / (1 + .045 * c)
    dh = 2 * math.sqrt(c1 * c2) * sine(turn / 2) / (1 + .015 * c * t)
    rotation = 2 * math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * sine(60 * math.exp(-((h - 275) / 25) ** 2))
    return math.sqrt(max(0, dl * dl + dc * dc + dh * dh - rotation * dc * dh))


def delta_e(a, b):
    pixels = [[lab(*(v / 255 for v in p[i:i + 3])) for i in range(0, len(p), 3)] for p in (a, b)]
    return sum(map(ciede2000, *pixels)) / len(pixels[0])


LOSSES = ("mse", "ssim", "lwssim", "mae", "ms-ssim-3", "mix", "lwssim-product", "lwssim-coarsest",
          "lwssim-product-coarsest")


def compare_truth(a, b):
    w, h, pa = read_ppm(a)
    pb = read_ppm(b)[2]
    mse = sum((i / 255 - j / 255) ** 2 for i, j in zip(pa, pb)) / len(pa)
    channels = [([v / 255 for v in pa[c::3]], [v / 255 for v in pb[c::3]]) for c in range(3)]

    def of(taps, covariance, combine, c1=1e-4):
        return sum(similarity(x, y, w, h, taps, covariance, combine, c1) for x, y in channels) / 3
    g11 = of(gaussian(), 1, lambda l, cs: l * cs)
    products = [of([1 / n] * n, 1, lambda l, cs: 1 - l * cs) for n in (3, 7, 11)]
    structure = [of([1 / n] * n, 1, lambda l, cs: 1 - cs) for n in (3, 7, 11)]
    opponents = [[u for i in range(0, len(p), 3) for u in ((p[i] - p[i + 1]) / 255, (p[i] + p[i + 1]) / 510 - p[i + 2] / 255)]
                 for p in (pa, pb)]
    (mo, mr), n = ([sum(v) / len(v) for v in opponents]), len(pa) // 3
    oo, ro, rr = (sum((o - mo) ** 2 for o in opponents[0]),
                  sum((o - mo) * (r - mr) for o, r in zip(*opponents)), sum((r - mr) ** 2 for r in opponents[1]))
    shift = [sum(pb[k::3][i] - pa[k::3][i] for i in range(n)) / 255 / n for k in range(3)]
    return {"ssim_g11": g11, "ssim_u7": of([1 / 7] * 7, 49 / 48, lambda l, cs: l * cs), "ms_ssim3": None, "mse": mse,
            "psnr": -10 * math.log10(mse), "delta_e": delta_e(pa, pb), "colour_slope": ro / oo, "colour_correlation": ro / math.sqrt(oo * rr),
            "shift_r": shift[0], "shift_g": shift[1], "shift_b": shift[2], "loss_mse": mse, "loss_ssim": 1 - g11,
            "loss_lwssim": (8 * of([1], 1, lambda l, cs: 1 - l, .25) + of(gaussian(), 1, lambda l, cs: 2 - l - cs, .25)) / 2,
            "loss_mae": sum(abs(i - j) / 255 for i, j in zip(pa, pb)) / len(pa), "loss_ms-ssim-3": None,
            "loss_mix": sum(mix(x, y, w, h) for x, y in channels) / 3, "loss_lwssim-product": sum(products) / 3,
            "loss_lwssim-coarsest": (sum(structure) + of([1 / 11] * 11, 1, lambda l, cs: 1 - l)) / 3,
            "loss_lwssim-product-coarsest": (sum(structure[:2]) + products[2]) / 3}


def compare(a, b, as_json, table):
    truth, found = compare_truth(a, b), json.load(open(as_json))
    same("the list of figures", list(found), list(truth))
    lines = [line.rsplit(maxsplit=1) for line in open(table)]
    same("the list of the table", [line[0].strip() for line in lines],
         ["SSIM-G11", "SSIM-U7", "MS-SSIM-3", "MSE", "PSNR", "dE2000", "slope", "correlation", "shift R", "shift G", "shift B",
          *(f"loss_{name}" for name in LOSSES)])
    for (key, value), line in zip(truth.items(), lines):
        if value is None:
            same(key, found[key], None)
            same(key, line[1], "nan")
            continue
        near(key, found[key], value, 1e-5 if key.startswith("loss") else 1e-6)  # pixels are single precision
        near(f"{line[0]} in the table", float(line[1]), found[key], 6e-12)


# ---- evaluate ----------------------------------------------------------------------------------------

def evaluate(as_json, table, checkpoint, step, data, split, images):
    found, text = json.load(open(as_json)), open(table).read()
    for key, value in (("checkpoint", checkpoint), ("step", int(step)), ("data", data), ("split", split),
                       ("images", int(images))):
        same(key, found[key], value)
    if f"{checkpoint} on {images} {split} images\n" not in text:
        wrong.append("the table's heading is another: " + text.split("\n")[0])
    if not re.fullmatch(r"[0-9a-f]{32}", found["data_digest"]):
        wrong.append("data_digest is none")
    for title, key in (("SSIM-G11", "ssim_g11"), ("SSIM-U7", "ssim_u7"), ("MSE", "mse"), ("PSNR", "psnr"),
                       ("dE2000", "delta_e"), ("slope", "colour_slope"), ("correlation", "colour_correlation")):
        line = re.search(rf"^  {title} +(\S+)  ± (\S+)$", text, re.M)
        if not line:
            wrong.append(f"the table has no {title}")
            continue
        same(f"{title} in the table", line[1], f"{found[key]['mean']:.6f}")
        same(f"error of {title} in the table", line[2], f"{found[key]['standard_error']:.6f}")
    if not re.search(r"^  MS-SSIM-3 +–  \(needs images of 44 pixels a side\)$", text, re.M):
        wrong.append("the table says nothing of MS-SSIM-3")


# ---- bench -------------------------------------------------------------------------------------------

def operations(base, level):
    """Of one convolution of dcgan64, on one image."""
    out, in_c = 32 >> (level - 1), 3 if level == 1 else base << (level - 2)
    return 2 * out * out * (base << (level - 1)) * 16 * in_c


def rows(section):
    for key, value in section.items():
        if isinstance(value, dict) and "ms" in value:
            yield key, value
        elif isinstance(value, dict):
            for name, row in rows(value):
                yield f"{key}/{name}", row


def bench_truth(section, name, b):
    """What was done, and in which rate it is given: work = rate × ms, as in 10^9 operations or bytes."""
    n, base, latent = b["images"], b["base_channels"], b["latent"]
    level = int(re.search(r"(?:conv|bn)(\d)", name)[1]) if section in ("conv", "batchnorm") else 0
    if section == "gemm":
        return "gflop_per_s", b["machine"]["threads"] * 2 * 2048 ** 3 / 1e9
    if section == "conv" and "/weights_" not in name:
        return "gflop_per_s", n * operations(base, level) / 1e9
    if section == "batchnorm":
        values = n * (64 >> level) ** 2 * (base << (level - 1))
        return "gb_per_s", (4 if "backward" in name else 2) * 4 * values / 1e9
    if section == "adam":
        return "gb_per_s", 7 * 4 * int(name[:-1]) * 2 ** 20 / 1e9
    if section == "reduction":
        return "gb_per_s", 4 * int(name[0]) * 2 ** 20 / 1e9
    if section == "step" and name != "prepare":
        passes = 6 * (sum(operations(base, k) for k in range(1, 5)) + 2 * 16 * (base << 3) * latent)
        return "gflop_per_s", n * (passes - operations(base, 1)) / 1e9
    return None, 0


def check_row(section, name, row, b):
    if not 0 < row["ms_least"] <= row["ms"] <= row["ms_most"]:
        wrong.append(f"{section} {name}: the median is not between the fastest and the slowest: {row}")
    same(f"{section} {name}: runs", row["runs"] >= (1 if name == "prepare" and section == "data" else 3), True)
    key, work = bench_truth(section, name, b)
    if key:
        near(f"{section} {name}: {key} × ms", row[key] * row["ms"] / 1e3, work, 1e-9)
    if "gflop_per_s" in row:
        near(f"{section} {name}: of_sgemm", row.get("of_sgemm", 1),
             row["gflop_per_s"] / b["gemm"]["sgemm_2048"]["gflop_per_s"], 1e-9)
    if "us_per_image" in row:
        near(f"{section} {name}: us_per_image", row["us_per_image"], 1e3 * row["ms"] / b["images"], 1e-9)
    if "images_per_s" in row:
        images = 1024 if name == "prepare" else b["images"]
        near(f"{section} {name}: images_per_s", row["images_per_s"], 1e3 * images / row["ms"], 1e-9)


ROWS = {  # every row with its rates
    "gemm": {"sgemm_2048": "gflop_per_s"},
    "conv": {f"conv{k}/{p}_{t}": "gflop_per_s of_sgemm" for k in range(1, 5)
             for p in ("forward", "backward_data", "backward_weight") for t in ("im2col", "small_channels", "winograd_2", "winograd_4")
             if t == "im2col" or (k == 1) == (t == "small_channels")} |  # three colours are too few for Winograd
            {f"conv{k}/weights_winograd_{t}": "gb_per_s" for k in range(2, 5) for t in (2, 4)},
    "batchnorm": {f"bn{k}_{p}": "gb_per_s" for k in range(1, 5) for p in ("forward", "backward")},
    "adam": {"1m": "gb_per_s", "8m": "gb_per_s"},
    "window": {f"{w}": "us_per_image" for w in ("box_3", "box_5", "gaussian_11")},
    "loss": {name: "us_per_image" for name in LOSSES + ("lwssim_windows", "lwssim_alpha_8", "lwssim_alpha_3_7",
                                                        "lwssim_gaussian")},
    "step": {"prepare": ""} | {name: "images_per_s gflop_per_s of_sgemm" for name in LOSSES},
    "reduction": {"1m/sum": "gb_per_s", "8m/sum": "gb_per_s"},
    "data": {"prepare": "images_per_s", "read": "images_per_s"},
}


def bench(as_json, sections, *facts):
    b = json.load(open(as_json))
    for fact in facts:
        key, value = fact.split("=")
        same(key, b["machine"].get(key, b.get(key)), int(value))
    if b["machine"]["ranks"] > 1:
        ROWS["reduction"] |= {"1m/gather": "gb_per_s", "8m/gather": "gb_per_s"}
    same("the sections", [key for key in b if key in ROWS], sections.split(","))
    for section in sections.split(","):
        found = dict(rows(b[section]))
        same(f"the rows of {section}", sorted(found), sorted(ROWS[section]))
        for name, row in found.items():
            same(f"the rates of {section} {name}",
                 [key for key in row if not key.startswith("ms") and key != "runs"], ROWS[section][name].split())
            check_row(section, name, row, b)


# The table of `bench --only adam,window`, with the images of a micro-batch.
def bench_table(table, images):
    text = open(table).read()
    line = re.compile(r"^  (.*?) +([\d.]+)   \(([\d.]+) – ([\d.]+)\)  ([\d.e+]+) (\S+)", re.M)
    found = 0
    for label, ms, least, most, rate, unit in line.findall(text):
        ms, rate = float(ms), float(rate)
        rounding = .002 + .0006 / max(ms, .001)  # of four digits, and of three decimals
        found += 1
        if not float(least) <= ms <= float(most):
            wrong.append(f"{label}: the median is not between the fastest and the slowest")
        if unit == "GB/s":
            near(label, rate * ms, 7 * 4 * int(label.split()[0]) * 2 ** 20 / 1e6, rounding)
        elif unit == "µs":
            near(label, rate, 1e3 * ms / int(images), rounding)
        else:
            wrong.append(f"{label}: a rate in {unit}")
    same("rows of the table", found, 5)


# The table of `bench --only step`: each row's rate beside that of SGEMM.
def bench_ratio(table):
    rows = re.findall(r"([\d.]+) GFLOP/s(?:, (\d+)% of SGEMM)?", open(table).read())
    same("rows with GFLOP/s", [bool(ratio) for _, ratio in rows], [False] + [True] * (len(ROWS["step"]) - 1))
    for rate, ratio in rows[1:]:
        if abs(int(ratio) - 100 * float(rate) / float(rows[0][0])) > 1:
            wrong.append(f"{rate} is not {ratio}% of {rows[0][0]}")


# ---- grid --------------------------------------------------------------------------------------------

def read_png(path):
    """Width, height and rows of RGB."""
    width, height, channels, lines = png.read(path)
    same("the channels", channels, 3)
    return width, height, lines


def cell(lines, row, column):
    """The 16 × 16 pixels of an image."""
    size = 16 * 8 + 2
    return [tuple(lines[2 + row * size + 8 * y + 3][3 * (2 + column * size + 8 * x + 3):][:3])
            for y in range(16) for x in range(16)]


def grid(picture, columns, *images):
    """Originals in this order, each above its reconstruction; white where there is none. All of 16 × 16, drawn 8 times
    as large with gaps of 2."""
    columns, size = int(columns), 16 * 8 + 2
    width, height, lines = read_png(picture)
    same("the size", (width, height), (columns * size + 2, 2 * -(-len(images) // columns) * size + 2))
    for i in range(-(-len(images) // columns) * columns):
        pixels, below = (cell(lines, 2 * (i // columns) + k, i % columns) for k in range(2))
        if i >= len(images):
            same(f"the empty place {i}", set(pixels + below), {(255, 255, 255)})
            continue
        data = read_ppm(images[i])[2]
        same(f"the original {images[i]}", pixels, [tuple(data[3 * p:3 * p + 3]) for p in range(256)])
        same(f"the reconstruction of {images[i]} is a picture of its own", len(set(below)) > 20 and below != pixels, True)


def grid_of(picture, columns, *single):
    """Each reconstruction is that of the image alone."""
    lines = read_png(picture)[2]
    for i, name in enumerate(single):
        same(f"the reconstruction of {name}", cell(lines, 2 * (i // int(columns)) + 1, i % int(columns)),
             cell(read_png(name)[2], 1, 0))


commands = {"compare": compare, "evaluate": evaluate, "bench": bench, "bench-table": bench_table,
            "bench-ratio": bench_ratio, "grid": grid, "grid-of": grid_of}
commands[sys.argv[1]](*sys.argv[2:])
for line in wrong[:20]:
    print(line[:400])
sys.exit(1 if wrong else 0)
