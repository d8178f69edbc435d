#!/usr/bin/python3
"""Compares what `lwssim prepare` makes of image files with Pillow: every format × feature of corpus.py.

An image must come out as Pillow sees it, to the byte: turned as its EXIF data say, on white where it is transparent,
the middle square of it. What must be left out is so, for the reason that is expected, and Pillow refuses it, too, where
the table does not say otherwise. Equal commands give equal datasets.

usage: pillow_decode.py [--lwssim PROGRAM] [--keep DIR] [--runs N]
exit code: 0 no differences, 1 some, 77 a package is missing
"""
import argparse
import io
import os
import re
import sys
import tempfile
import warnings

import peer

np, h5py, Image, ImageOps = peer.need("numpy", "h5py", "PIL.Image", "PIL.ImageOps")
import corpus  # noqa: E402  (needs the above)


def seen(data, special):
    """[SIDE, SIDE, 3] as Pillow shows a file: its middle square."""
    image = Image.open(io.BytesIO(data))
    image.load()
    if special is not corpus.PILLOW:
        image = special(image)
    if image.format != "TIFF":  # which load() has turned
        image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    left, top = (image.width - corpus.SIDE) // 2, (image.height - corpus.SIDE) // 2
    return np.asarray(image)[top:top + corpus.SIDE, left:left + corpus.SIDE]


def prepare(program, folder, output):
    """({name: pixels}, {name: reason}, digest of the dataset)."""
    program("prepare", "--input", folder, "--output", output, "--recipe", "folder", "--size", corpus.SIDE, "--split", "1,0,0")
    images, digests = {}, []
    for path in peer.shard_paths(output, "train"):
        with h5py.File(path, "r") as file:
            digests.append(file.attrs["digest"])
            for name, image in zip(file["names"][:], file["images"][:]):
                images[name.decode()] = image
    with open(os.path.join(output, "prepare-report.txt")) as report:
        reasons = dict(re.findall(r"^(\S+?): (.*)$", report.read(), re.M))
    return images, reasons, digests


def judge(case, images, reasons):
    """(what is so, whether it is right)."""
    _, _, name, data, wanted = case
    try:
        pillow = seen(data, corpus.PILLOW if isinstance(wanted, str) else wanted)
    except Exception as error:  # whatever Pillow says
        pillow = error
    if name not in images:
        reason = reasons.get(name, "not mentioned")
        as_wanted = wanted != corpus.PILLOW and isinstance(wanted, str) and wanted in reason
        also = ", as by Pillow" if isinstance(pillow, Exception) else ", Pillow takes it"
        return f"refused{also}: {reason}", as_wanted
    if isinstance(pillow, Exception):
        return f"taken, Pillow: {pillow}", False
    different = int((images[name] != pillow).any(axis=-1).sum())
    is_wanted = wanted == corpus.PILLOW or callable(wanted)
    return (f"{different} pixels differ" if different else "equal"), is_wanted and not different


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lwssim")
    parser.add_argument("--keep", help="folder to leave the files in")
    parser.add_argument("--runs", type=int, default=2)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    program, checks = peer.Program(args.lwssim), peer.Checks()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or os.path.join(scratch, "files")
        os.makedirs(folder, exist_ok=True)
        cases = list(corpus.cases())
        for _, _, name, data, _ in cases:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        runs = [prepare(program, folder, os.path.join(scratch, f"out{i}")) for i in range(args.runs)]
    images, reasons, digests = runs[0]
    for case in cases:
        text, good = judge(case, images, reasons)
        print(f"{case[0]:5} {case[1]:42} {text}")
        checks.true(good, f"{case[0]}, {case[1]} ({case[2]}): {text}")
    checks.true(all(run[2] == digests for run in runs), "equal commands gave different datasets")
    sys.exit(checks.finish())


if __name__ == "__main__":
    main()
