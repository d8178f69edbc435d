#!/usr/bin/python3
"""Opens datasets made by `lwssim prepare` with h5py, and compares prepared photographs with Pillow.

 1. A synthetic dataset, and with --data DIR any other: shapes, types, contiguous layout, attributes, and digests
    recomputed with libxxhash where it is installed.
 2. Where the Celeb-A sample is at hand ($LWSSIM_SHARED/celeba-sample, by default ../shared beside the repository):
    `lwssim prepare --crop 70` gives 7000/500/500 images, which are those of Pillow's pipeline (decode, crop the centre
    70 x 70, resize with Lanczos to 64 x 64), and so are the few of published size with a crop of 140, in colour and
    grey. Every byte must agree: both decode with libjpeg-turbo, whole there and only the crop here, and the rules and
    the rounding of the resizing are the same.

usage: h5py_dataset.py [--lwssim PROGRAM] [--data DIR] [--images N]
exit code: 0 all checks passed, 1 one failed, 77 a package is missing
"""
import argparse
import ctypes
import ctypes.util
import io
import os
import re
import sys
import tempfile
import zipfile

import peer

np, h5py, Image, features = peer.need("numpy", "h5py", "PIL.Image", "PIL.features")

SPLITS = ("train", "valid", "test")
TEXTS = ("split", "rows_by_split", "shards_by_split", "recipe", "digest", "split_digest", "names_digest")
NUMBERS = ("schema", "shard", "shards", "first_row", "rows_in_split")


# ---- digests ---------------------------------------------------------------------------------------

class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


class Xxh3:
    """The digests of the format: XXH3 with 64 bits for an image, with 128 as text for all else."""

    def __init__(self):
        name = ctypes.util.find_library("xxhash")
        self.library = ctypes.CDLL(name) if name else None
        if self.library:
            for function, result in (("XXH3_64bits", ctypes.c_uint64), ("XXH3_128bits", Hash128)):
                getattr(self.library, function).argtypes = (ctypes.c_char_p, ctypes.c_size_t)
                getattr(self.library, function).restype = result

    def image(self, data):
        return self.library.XXH3_64bits(data, len(data))

    def text(self, data):
        value = self.library.XXH3_128bits(data, len(data))
        return f"{value.high:016x}{value.low:016x}"


def check_digests(checks, xxh3, path, shard):
    images, digests = shard["images"][:], shard["digests"][:]
    same = sum(xxh3.image(image.tobytes()) == int(digest) for image, digest in zip(images, digests))
    checks.true(same == len(images), f"{path}: {len(images) - same} images do not match their digest")
    checks.true(xxh3.text(digests.tobytes()) == text(shard, "digest"), f"{path}: /digests do not match `digest`")
    names = b"".join(name + b"\0" for name in shard["names"][:])
    checks.true(xxh3.text(names) == text(shard, "names_digest"), f"{path}: /names do not match `names_digest`")


# ---- format ----------------------------------------------------------------------------------------

def text(shard, key):
    value = shard.attrs[key]
    return value.decode() if isinstance(value, bytes) else str(value)


def by_split(shard, key):
    return {split: int(count) for split, count in (part.split(":") for part in text(shard, key).split(","))}


def check_shard(checks, xxh3, path, shard):
    name = os.path.basename(path)
    images, digests, names = (shard[key] for key in ("images", "digests", "names"))
    n = images.shape[0]
    checks.true(images.ndim == 4 and images.shape[3] in (1, 3), f"{name}: /images is {images.shape}")
    checks.true(images.dtype == np.uint8, f"{name}: /images is {images.dtype}")
    checks.true(digests.dtype == np.dtype("<u8") and digests.shape == (n,), f"{name}: /digests is {digests}")
    checks.true(h5py.check_string_dtype(names.dtype) is not None and names.shape == (n,), f"{name}: /names is {names}")
    for key in ("images", "digests"):
        plain = shard[key].chunks is None and shard[key].compression is None and shard[key].external is None
        checks.true(plain, f"{name}: /{key} is not contiguous")
    if n:       # h5py's view of the images is what lies at that offset of the file
        offset = images.id.get_offset()
        with open(path, "rb") as file:
            file.seek(offset)
            raw = file.read(images.size)
        checks.true(raw == images[:].tobytes(), f"{name}: the bytes at offset {offset} are not the images")
    for key in TEXTS + NUMBERS:
        checks.true(key in shard.attrs, f"{name}: no attribute {key}")
    for key in NUMBERS:
        checks.true(np.issubdtype(np.asarray(shard.attrs[key]).dtype, np.integer), f"{name}: {key} is no integer")
    split, index, count = re.fullmatch(r"(\w+)-(\d{5})-of-(\d{5})\.h5", name).groups()
    checks.true((text(shard, "split"), shard.attrs["shard"], shard.attrs["shards"]) == (split, int(index), int(count)),
                f"{name}: its attributes name another shard")
    checks.true(shard.attrs["schema"] == 1, f"{name}: schema {shard.attrs['schema']}")
    checks.true(by_split(shard, "rows_by_split")[split] == shard.attrs["rows_in_split"], f"{name}: rows_in_split")
    checks.true(by_split(shard, "shards_by_split")[split] == shard.attrs["shards"], f"{name}: shards")
    if xxh3.library:
        check_digests(checks, xxh3, name, shard)


def check_split(checks, xxh3, folder, split):
    """All shards of a split; returns their images and names."""
    paths, rows, digests, images, names = peer.shard_paths(folder, split), 0, b"", [], []
    split_digests = set()
    for path in paths:
        with h5py.File(path, "r") as shard:
            check_shard(checks, xxh3, path, shard)
            checks.true(shard.attrs["first_row"] == rows, f"{path}: first_row is not {rows}")
            rows += shard["images"].shape[0]
            images.append(shard["images"][:])
            names += [name.decode() for name in shard["names"][:]]
            digests += shard["digests"][:].tobytes()
            split_digests.add(text(shard, "split_digest"))
            total, shards = shard.attrs["rows_in_split"], shard.attrs["shards"]
    checks.true(len(paths) == shards and rows == total, f"{folder}: {split} has {rows} rows in {len(paths)} shards")
    if xxh3.library:
        checks.true(split_digests == {xxh3.text(digests)}, f"{folder}: {split}: split_digest")
    checks.true(len(set(names)) == len(names), f"{folder}: {split}: names occur twice")
    return np.concatenate(images), names


def check_dataset(checks, xxh3, folder):
    before = checks.failed
    found = {split: check_split(checks, xxh3, folder, split) for split in SPLITS if peer.shard_paths(folder, split)}
    sizes = ", ".join(f"{split} {images.shape}" for split, (images, _) in found.items())
    checks.true("train" in found, f"{folder}: no training shards")
    print(f"{'ok   ' if checks.failed == before else 'FAIL '} {sizes}")
    return found


# ---- photographs -----------------------------------------------------------------------------------

def pillow(archive, name, crop, size, mode):
    image = Image.open(io.BytesIO(archive.read(name))).convert("RGB").convert(mode)
    left, top = (image.width - crop) // 2, (image.height - crop) // 2
    filters = getattr(Image, "Resampling", Image)
    image = image.crop((left, top, left + crop, top + crop)).resize((size, size), filters.LANCZOS)
    return np.asarray(image).reshape(size, size, -1)


def compare_with_pillow(checks, path, found, crop, count):
    """Every byte of up to `count` images of each split."""
    compared, different, levels = 0, 0, 0
    with zipfile.ZipFile(path) as archive:
        for images, names in found.values():
            mode = "RGB" if images.shape[3] == 3 else "L"
            for image, name in list(zip(images, names))[:count]:
                difference = abs(image.astype(int) - pillow(archive, name, crop, images.shape[1], mode))
                compared += 1
                different += bool(difference.any())
                levels = max(levels, int(difference.max()))
    decoder = f"libjpeg-turbo {features.version('libjpeg_turbo') or 'not'} in Pillow {Image.__version__}"
    if checks.true(compared > 0 and different == 0, f"{different} of {compared} images differ from Pillow's, by up to "
                   f"{levels} levels of 255 ({decoder})"):
        print(f"ok    {compared} images are Pillow's to the byte ({decoder})")


def check_sample(checks, xxh3, lwssim, folder, work, count):
    output = os.path.join(work, "sample")
    archive = os.path.join(folder, "img_align_celeba.zip")
    lwssim("prepare", "--input", archive, "--crop", 70, "--partition", os.path.join(folder, "list_eval_partition.txt"),
           "--output", output)
    found = check_dataset(checks, xxh3, output)
    sizes = tuple(len(found[split][1]) for split in SPLITS)
    checks.true(sizes == (7000, 500, 500), f"sample: train, valid, test have {sizes} images")
    with open(os.path.join(folder, "list_eval_partition.txt")) as lines:
        split_of = {name: SPLITS[int(number)] for name, number in map(str.split, lines)}
    strays = sum(split_of[os.path.basename(name)] != split for split in SPLITS for name in found[split][1])
    checks.true(strays == 0, f"sample: {strays} images are not in the split that the partition gives")
    compare_with_pillow(checks, archive, found, 70, count)


def check_originals(checks, xxh3, lwssim, archive, work, count):
    for more in ([], ["--grey"]):
        output = os.path.join(work, f"originals{len(more)}")
        lwssim("prepare", "--input", archive, "--crop", 140, "--output", output, *more)
        compare_with_pillow(checks, archive, check_dataset(checks, xxh3, output), 140, count)


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    shared = os.environ.get("LWSSIM_SHARED", os.path.join(root, "..", "shared"))
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lwssim", help="the program [environment LWSSIM]")
    p.add_argument("--data", help="one more dataset folder to check")
    p.add_argument("--images", type=int, default=10000, help="of each split to compare with Pillow [all]")
    options = p.parse_args()
    lwssim, checks, xxh3 = peer.Program(options.lwssim), peer.Checks(), Xxh3()
    if not xxh3.library:
        print("skipped: digests are not recomputed, libxxhash is not installed")
    with tempfile.TemporaryDirectory() as work:
        for more in ([], ["--grey", "--shards", 3]):
            folder = os.path.join(work, f"synthetic{len(more)}")
            lwssim("prepare", "--synthetic", 100, "--size", 32, "--output", folder, *more)
            check_dataset(checks, xxh3, folder)
        if options.data:
            check_dataset(checks, xxh3, options.data)
        sample = os.path.join(shared, "celeba-sample")
        if os.path.isfile(os.path.join(sample, "img_align_celeba.zip")):
            check_sample(checks, xxh3, lwssim, sample, work, options.images)
            check_originals(checks, xxh3, lwssim, os.path.join(sample, "original-size.zip"), work, options.images)
        else:
            print("skipped: no Celeb-A sample to compare with Pillow (LWSSIM_SHARED names the folder it is in)")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
