#!/usr/bin/python3
"""Changes each array and attribute of a checkpoint and of a shard, and looks at what the readers say: see
changed_files.sh, which calls it in a folder with the datasets `data` and `large` and the runs `first` (one step) and
`run` (four).

A change may be bare, all digests being as they were; "inner" gives a changed array the digest that fits, "outer" only the
root; "sealed" makes all digests of the file fit. What a sealed change means, and so what readers have to do with it, is in
the tables below; a name that is in none of them fails the test, so that nobody adds an attribute without a meaning."""
import configparser
import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile  # noqa: E402  the digests of the format, by libxxhash itself

lwssim = os.environ["LWSSIM"]
failures = commands = 0
digest, digest64, text_of, put = hostile.digest, hostile.digest64, hostile.text_of, hostile.put


def fail(message):
    global failures
    failures += 1
    print(f"FAILED (changed_files.py): {message}", file=sys.stderr, flush=True)


def check(good, message):
    if not good:
        fail(message)


def run(*arguments):
    global commands
    commands += 1
    done = subprocess.run([lwssim, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def refuses(what, pattern, *arguments):
    code, _, err = run(*arguments)
    errors = [line for line in err.split("\n") if "error:" in line]
    check(code == 1 and len(errors) == 1 and re.search(pattern, errors[0]),
          f"{what}: {arguments[0]} does not refuse it with '{pattern}': exit code {code}: {err.strip()}")


def uses(what, *arguments):
    code, out, err = run(*arguments)
    check(code == 0, f"{what}: {arguments[0]} does not use it: exit code {code}: {err.strip()}")
    return out, err


# ---- a reader of our own ---------------------------------------------------------------------------

def expected_arrays():
    """Of tiny16 with 8 base channels and a latent of 16 on 16 × 16 × 3, from the shapes that the README gives."""
    model = {"encoder/conv1/weight": (4, 4, 3, 8), "encoder/bn1/gamma": (8,), "encoder/bn1/beta": (8,),
             "encoder/conv2/weight": (4, 4, 8, 16), "encoder/bn2/gamma": (16,), "encoder/bn2/beta": (16,),
             "encoder/dense/weight": (256, 16), "encoder/dense/bias": (16,), "decoder/dense/weight": (16, 256),
             "decoder/bn0/gamma": (16,), "decoder/bn0/beta": (16,), "decoder/deconv1/weight": (4, 4, 8, 16),
             "decoder/bn1/gamma": (8,), "decoder/bn1/beta": (8,), "decoder/deconv2/weight": (4, 4, 3, 8),
             "decoder/deconv2/bias": (3,)}
    groups = ("model", "optimizer/m", "optimizer/v")
    arrays = {f"/{group}/{name}": shape for group in groups for name, shape in model.items()}
    for layer, channels in (("encoder/bn1", 8), ("encoder/bn2", 16), ("decoder/bn0", 16), ("decoder/bn1", 8)):
        for statistic in ("running_mean", "running_var"):
            arrays[f"/state/{layer}/{statistic}"] = (channels,)
    return arrays


def look_at_checkpoint(path, step, epoch):
    config = configparser.ConfigParser()
    with h5py.File(path) as file:
        a = file.attrs
        found = {name: array.shape for name, array in hostile.arrays(file)}
        check(found == expected_arrays(), f"{path}: arrays {set(found.items()) ^ set(expected_arrays().items())}")
        for name, array in hostile.arrays(file):
            check(array.dtype == np.dtype("<f4"), f"{path}: {name} is {array.dtype}")
            check(text_of(array.attrs["digest"]) == digest(array[...].tobytes()), f"{path}: the digest of {name}")
            check(list(array.attrs) == ["digest"], f"{path}: attributes of {name}: {list(array.attrs)}")
        stored = text_of(a["digest"])
        check(a["kind"] == b"lwssim checkpoint" and a["schema"] == 2, f"{path}: kind and schema")
        check([a[n] for n in ("height", "width", "channels", "seed", "step", "epoch")] == [16, 16, 3, 1, step, epoch],
              f"{path}: numbers")
        config.read_string(text_of(a["config"]))
        check(config["model"]["preset"] == "tiny16" and config["optimizer"]["batch-size"] == "16", f"{path}: config")
        for split in ("train", "valid"):
            with h5py.File(f"data/{split}-00000-of-0000{3 if split == 'train' else 1}.h5") as shard:
                want = shard.attrs["split_digest"]
            check(a["dataset_digest" if split == "train" else "valid_digest"] == want, f"{path}: the digest of {split}")
    copy = "sealed.h5"
    shutil.copy(path, copy)
    with h5py.File(copy, "r+") as file:
        hostile.seal(file)
        check(text_of(file.attrs["digest"]) == stored, f"{path}: its digest is not that of the format")


def look_at_moments():
    """After one step, m = (1 - beta1) g and v = (1 - beta2) g², so each tells the other; a parameter has moved by lr.
    """
    with h5py.File("first/checkpoints/step-000000001.h5") as file:
        check(file.attrs["best_step"] == 1 or file.attrs["best_step"] == -1, "best_step of the first step")
        for name, m in hostile.arrays(file["optimizer/m"]):
            m, v = m[...].astype(float), file["optimizer/v" + name][...].astype(float)
            check(np.abs(m).max() > 0 and (v >= 0).all(), f"moments of {name} after a step")
            check(np.allclose(v, m * m * .001 / .01, rtol=1e-4, atol=1e-30), f"v of {name} is not that of its m")
        gamma, m = file["model/encoder/bn1/gamma"][...], file["optimizer/m/encoder/bn1/gamma"][...]
        check(np.allclose(gamma, 1 - .001 * np.sign(m), atol=2e-6), "gamma has not moved from 1 by lr")
        means = [array[...] for name, array in hostile.arrays(file["state"]) if name.endswith("mean")]
        check(all((mean != 0).any() for mean in means), "running means stay 0")


def look_at_best():
    """best_step and best_ssim are those of the log."""
    import json
    figures = {}
    with open("run/metrics.jsonl") as log:
        for record in map(json.loads, log):
            if record["type"] == "evaluation":
                figures[record["step"]] = record["ssim_g11"]
    check(set(figures) == {2, 4}, f"evaluations of {set(figures)}")
    for step in (2, 4):
        with h5py.File(f"run/checkpoints/step-{step:09d}.h5") as file:
            want = max((s for s in figures if s <= step), key=figures.get)
            check(file.attrs["best_step"] == want, f"best_step of step {step}")
            check(abs(file.attrs["best_ssim"] - figures[want]) < 1e-12, f"best_ssim of step {step}")


def look_at_shards(folder, side, rows_by_split, shards_by_split):
    for split, shards in shards_by_split.items():
        all_digests, first, rows = [], 0, rows_by_split[split]
        for i in range(shards):
            path = f"{folder}/{split}-{i:05d}-of-{shards:05d}.h5"
            with h5py.File(path) as file:
                a, images, digests = file.attrs, file["images"][...], file["digests"][...]
                n = len(images)
                check(sorted(file) == ["digests", "images", "names"], f"{path}: arrays {sorted(file)}")
                check(images.dtype == np.uint8 and images.shape == (n, side, side, 3), f"{path}: images")
                check(digests.dtype == np.dtype("<u8") and digests.shape == (n,), f"{path}: digests")
                own = [digest64(image.tobytes()) for image in images]
                check(own == list(digests), f"{path}: the digests are not those of the images")
                names = [text_of(name) for name in file["names"]]
                check(len(set(names)) == n, f"{path}: names")
                check(text_of(a["names_digest"]) == digest(b"".join(name.encode() + b"\0" for name in names)),
                      f"{path}: names_digest")
                check(text_of(a["digest"]) == digest(digests.tobytes()), f"{path}: digest")
                numbers = [a[name] for name in ("schema", "shard", "shards", "first_row", "rows_in_split")]
                check(numbers == [1, i, shards, first, rows], f"{path}: {numbers}")
                check(text_of(a["split"]) == split, f"{path}: split")
                for name, of in (("rows_by_split", rows_by_split), ("shards_by_split", shards_by_split)):
                    want = ",".join(f"{s}:{of[s]}" for s in ("train", "valid", "test"))
                    check(text_of(a[name]) == want, f"{path}: {name}")
                check(text_of(a["recipe"]).startswith("recipe=synthetic "), f"{path}: recipe")
                all_digests.append(digests)
                split_digest = text_of(a["split_digest"])
                first += n
        check(first == rows, f"{folder}: {first} rows of {split}, not {rows}")
        check(split_digest == digest(np.concatenate(all_digests).tobytes()), f"{folder}: split_digest of {split}")


# ---- one change ------------------------------------------------------------------------------------

def other_value(value):
    if isinstance(value, (bytes, str)):
        text = text_of(value)
        return ("1" if text[:1] != "1" else "2") + text[1:]
    return value + value.dtype.type(1)


def change_attribute(item, name, how):
    value = item.attrs[name]
    del item.attrs[name]
    if how == "value":
        put(item, name, other_value(value))
    elif how == "type":
        put(item, name, "4" if isinstance(value, np.generic) and not isinstance(value, np.bytes_) else np.int64(4))
    elif how == "shape":
        item.attrs[name] = np.array([value, value])


def change_array(file, name, how):
    array = file[name]
    values, attributes = array[...], dict(array.attrs)
    if how == "value":
        flat = values.reshape(-1)  # a view
        if values.dtype.kind == "S":
            flat[-1] = flat[-1][:-1] + b"!"
        elif values.dtype.kind == "f":
            flat[-1] = 2 * flat[-1] + .01
        else:
            flat[-1] ^= flat.dtype.type(1)
        array[...] = values
        return
    del file[name]
    if how == "type":
        values = values.astype({"f": "<f8", "u": "<i2", "S": "S1"}[values.dtype.kind]) if values.dtype != np.uint64 \
            else values.astype("<i8")
    elif how == "shape":
        values = values.reshape((1,) + values.shape)
    elif how == "length":
        values = np.concatenate([values, values[-1:]])
    if how != "missing":
        made = file.create_dataset(name, data=values)
        for key, value in attributes.items():
            made.attrs[key] = value


def attributes_of(file):
    """(object, attribute) of everything in the file."""
    found = [("/", name) for name in file.attrs]
    file.visititems(lambda path, item: found.extend(("/" + path, name) for name in item.attrs))
    return found


def arrays_of(file):
    found = []
    file.visititems(lambda path, item: found.append("/" + path) if isinstance(item, h5py.Dataset) else None)
    return found


def refit(file, name):
    """The digest of a checkpoint's array."""
    put(file[name], "digest", digest(file[name][...].tobytes()))


def try_seal(file):
    try:
        hostile.seal(file)
    except (KeyError, TypeError, ValueError):
        pass  # of what is left there is no digest


# ---- checkpoints -----------------------------------------------------------------------------------

good = "run/checkpoints/step-000000004.h5"
VERIFY, EVALUATE, RESUME = range(3)

# What each reader says of an attribute of the root whose value is another, all digests fitting: a pattern where it
# refuses.
sealed_values = {
    "kind": ("not a checkpoint|neither|no run", "not a checkpoint", "(none of|not a checkpoint)"),
    "schema": ("checkpoint schema 3; this version reads 1 to 2",) * 3,
    "config": (None, "not a 'key = value' line", "."),
    "height": (None, "17 × 16", "contradicts itself: the size"),
    "width": (None, "16 × 17", "contradicts itself: the size"),
    "channels": ("channels is 4",) * 3,
    "dataset_digest": (None, None, "was trained on other images"),
    "valid_digest": (None, None, "was evaluated on other images"),
    "seed": (None, None, "contradicts itself: its seed"),
    "epoch": (None, None, "contradicts itself: its epoch"),
    "step": ("holds the state of step 5", "", "holds the state of step 5"),
    "best_step": (None, None, None),
    "best_ssim": (None, None, None),
    "digest": ("does not match its digest",) * 3,
}


def resume(what, path, pattern, steps=6):
    """The file as the only checkpoint of a run; returns its last digest, where the run goes on."""
    shutil.rmtree("odd", ignore_errors=True)
    shutil.copytree("run", "odd", ignore=shutil.ignore_patterns("*.h5"))
    shutil.copy(path, "odd/checkpoints/step-000000004.h5")
    if pattern is None:
        uses(what, "train", "--run", "odd", "--resume", "--steps", str(steps))
        return uses(what, "inspect", "--digest", f"odd/checkpoints/step-{steps:09d}.h5")[0]
    code, _, err = run("train", "--run", "odd", "--resume", "--steps", str(steps))
    lines = [line for line in err.split("\n") if "error:" in line or "passing over" in line]
    check(code == 1 and any(re.search(pattern, line) for line in lines),
          f"{what}: resuming does not refuse it with '{pattern}': exit code {code}: {err.strip()}")
    check(sorted(os.listdir("odd/checkpoints")) == ["step-000000004.h5"], f"{what}: {os.listdir('odd/checkpoints')}")
    return None


def evaluate(path):
    return "evaluate", "--checkpoint", path, "--data", "data"


def changed_checkpoint(alter):
    path = "step-000000004.h5"
    shutil.copy(good, path)
    with h5py.File(path, "r+") as file:
        alter(file)
    return path


passed_over = []  # (what, pattern) of the files in the run `batch`, which are looked at in one go


def is_passed_over(what, pattern, path):
    """Verification refuses the file. Many of them are the newest checkpoints of one run, each of which is told why."""
    if not passed_over:
        os.makedirs("batch/checkpoints")
        shutil.copy(good, "batch/checkpoints/step-000000004.h5")
    passed_over.append((what, pattern))
    shutil.move(path, f"batch/checkpoints/step-{1000 + len(passed_over):09d}.h5")


def look_at_batch():
    out, err = uses("the last good one", "evaluate", "--run", "batch", "--data", "data")
    check("batch/checkpoints/step-000000004.h5 on 14 test images" in out, f"another checkpoint: {out}")
    for number, (what, pattern) in enumerate(passed_over, 1001):
        name = f"step-{number:09d}.h5"
        said = [line for line in err.split("\n") if name in line]
        check(len(said) == 1 and "passing over it" in said[0] and re.search(pattern, said[0]),
              f"{what}: not passed over with '{pattern}': {said}")
    check(len(passed_over) > 200, f"only {len(passed_over)} changes")


def try_root_attribute(name, how):
    what = f"checkpoint, attribute {name}, {how}"
    if how == "value":
        is_passed_over(what, "", changed_checkpoint(lambda file: change_attribute(file, name, how)))

    def sealed(file):
        change_attribute(file, name, how)
        if name != "digest":
            try_seal(file)
    path = changed_checkpoint(sealed)
    patterns = sealed_values[name] if how == "value" else ("",) * 3
    if how != "value" and name == "valid_digest" and how == "missing":
        patterns = ("no attribute valid_digest",) * 3
    for command, pattern in ((evaluate(path), patterns[EVALUATE]), (("verify", path), patterns[VERIFY])):
        if how != "value" and command[0] == "evaluate":
            continue  # verification says the same
        if pattern is None:
            uses(what + ", sealed", *command)
        elif command[0] == "verify" and name != "step":  # whose file has a name that does not fit
            is_passed_over(what + ", sealed", pattern, path)
        elif name != "step" or command[0] == "verify":
            refuses(what + ", sealed", pattern, *command)
    if how == "value":
        resume(what + ", sealed", changed_checkpoint(sealed), patterns[RESUME])


def try_array_attribute(item, name, how):
    check(name == "digest", f"attribute {name} of {item} has no meaning here")
    what = f"checkpoint, attribute {name} of {item}, {how}"
    for seals in (False, True) if is_chosen(item) else (False,):
        def alter(file):
            change_attribute(file[item], name, how)
            if seals:
                try_seal(file)
        is_passed_over(what + (", sealed" if seals else ""),
                       "does not match its digest" if how == "value" and seals else "", changed_checkpoint(alter))


def is_chosen(name):
    """One array of each kind is looked at in all ways, the others in some."""
    return name.endswith("encoder/conv2/weight") or name == "/state/encoder/bn1/running_mean"


def try_array(name, how, figures, last):
    what = f"checkpoint, {name}, {how}"
    moment, chosen = name.startswith("/optimizer/"), is_chosen(name)
    if chosen:
        path = changed_checkpoint(lambda file: change_array(file, name, how))
        if how == "shape":  # the digest is of the bytes, and shapes are for those who use them
            uses(what, "verify", path)
        else:
            is_passed_over(what, "", path)
    if chosen and how == "value":
        path = changed_checkpoint(lambda file: change_array(file, name, how))
        if not moment:
            refuses(what, "", *evaluate(path))
        resume(what, path, "")
    if how in ("value", "type", "length"):
        def inner(file):
            change_array(file, name, how)
            refit(file, name)
        path = changed_checkpoint(inner)
        is_passed_over(what + ", inner", "its description does not match", path)

    def outer(file):  # the root's digest without the array's
        change_array(file, name, how)
        try_seal(file)
    if how in ("value", "length"):
        path = changed_checkpoint(outer)
        is_passed_over(what + ", outer", f"{name} does not match its digest", path)
        if chosen and how == "value" and moment:
            resume(what + ", outer", changed_checkpoint(outer), f"{name} does not match its digest")
        elif chosen and how == "value":
            refuses(what + ", outer", f"{name} does not match its digest", *evaluate(changed_checkpoint(outer)))
    if not chosen:
        return

    def sealed(file):
        change_array(file, name, how)
        if how != "missing":
            refit(file, name)
        try_seal(file)
    path, what = changed_checkpoint(sealed), what + ", sealed"
    if how == "value":  # it is another state
        uses(what, "verify", path)
        found = uses(what, *evaluate(path))[0].split("\n", 1)[1]
        check((found == figures) == moment, f"{what}: the figures are {'others' if moment else 'the same'}")
        check(resume(what, path, None) != last, f"{what}: the run that goes on is the same")
        return
    if how == "type":
        is_passed_over(what, "not of the type or size", path)
        path = changed_checkpoint(sealed)
    pattern = "holds another model|not of the type|the shape of"
    if not moment:
        refuses(what, pattern, *evaluate(path))
    else:
        uses(what, *evaluate(path))
    resume(what, path, pattern)


def renamed_step():
    """A step that fits its name, and its epoch: the run goes on from there."""
    def alter(file):
        file.attrs["step"], file.attrs["epoch"] = np.int64(9), np.int64(2)
        hostile.seal(file)
    path = changed_checkpoint(alter)
    shutil.rmtree("odd", ignore_errors=True)
    shutil.copytree("run", "odd", ignore=shutil.ignore_patterns("*.h5"))
    shutil.copy(path, "odd/checkpoints/step-000000009.h5")
    _, err = uses("step 9", "train", "--run", "odd", "--resume", "--steps", "10")
    check("(step 9)" in err and "step 10/10" in err, f"does not go on from step 9: {err}")


def best_is_kept():
    """No step is better than one that never was, and so it stays."""
    def alter(file):
        put(file, "best_ssim", np.float64(1.5))
        hostile.seal(file)
    resume("best_ssim 1.5", changed_checkpoint(alter), None)
    with h5py.File("odd/checkpoints/step-000000006.h5") as file, h5py.File(good) as before:
        check(file.attrs["best_ssim"] == 1.5 and file.attrs["best_step"] == before.attrs["best_step"],
              "the best of a run is not kept when it goes on")


def try_checkpoint():
    figures = uses("the checkpoint", *evaluate(good))[0].split("\n", 1)[1]
    last = resume("the checkpoint", good, None)
    with h5py.File(good) as file:
        attributes, arrays = attributes_of(file), arrays_of(file)
    for item, name in attributes:
        if item == "/" and name not in sealed_values:
            fail(f"the attribute {name} has no meaning here")
            continue
        few = item != "/" and not is_chosen(item)
        for how in ("value",) if few else ("value", "missing", "type", "shape"):
            if item == "/":
                try_root_attribute(name, how)
            else:
                try_array_attribute(item, name, how)
    for name in arrays:
        for how in ("value", "missing", "type", "shape", "length") if is_chosen(name) else ("value",):
            try_array(name, how, figures, last)
    is_passed_over("an array of one's own", "has no attribute digest",
                   changed_checkpoint(lambda file: file.create_dataset("/model/extra", data=np.zeros(3, "<f4"))))
    look_at_batch()
    renamed_step()
    best_is_kept()


# ---- shards ----------------------------------------------------------------------------------------

# What verify says of a shard, and what opening its folder says, where an attribute of the root has another value.
shard_values = {
    "schema": ("schema 2 and this program reads schema 1",) * 2,
    "split": ("of an unknown split",) * 2,
    "shard": (None, "belong under another name"),
    "shards": ("contradict each other",) * 2,
    "first_row": (None, "do not follow those"),
    "rows_in_split": ("contradict each other",) * 2,
    "rows_by_split": ("malformed",) * 2,
    "shards_by_split": ("malformed",) * 2,
    "recipe": (None, "another recipe"),
    "digest": ("/digests does not match its own digest",) * 2,
    "split_digest": (None, "not all of the same dataset"),
    "names_digest": ("/names does not match its digest", None),
}


def changed_shard(folder, name, alter):
    shutil.rmtree("other", ignore_errors=True)
    shutil.copytree(folder, "other")
    with h5py.File(f"other/{name}", "r+") as file:
        alter(file)
    return f"other/{name}"


def seal_image(file, deep):
    """The digests of the images, and with `deep` the shard's own of them."""
    file["digests"][...] = [digest64(image.tobytes()) for image in file["images"][...]]
    if deep:
        put(file, "digest", digest(file["digests"][...].tobytes()))


def try_shard_attributes(name):
    with h5py.File(f"data/{name}") as file:
        attributes = attributes_of(file)
    check(all(item == "/" for item, _ in attributes), f"attributes of arrays of a shard: {attributes}")
    for _, attribute in attributes:
        if attribute not in shard_values:
            fail(f"the attribute {attribute} of a shard has no meaning here")
            continue
        for how in ("value", "missing", "type", "shape"):
            what = f"shard, attribute {attribute}, {how}"
            path = changed_shard("data", name, lambda file: change_attribute(file, attribute, how))
            is_read = attribute != "names_digest"  # when the folder is opened
            alone, folder = shard_values[attribute] if how == "value" else ("", "" if is_read else None)
            for pattern, command in ((alone, ("verify", path)), (folder, ("inspect", "other"))):
                if how in ("type", "shape") and command[0] == "inspect":
                    continue
                if pattern is None:
                    uses(what, *command)
                else:
                    refuses(what, pattern, *command)
        refuses(what, "", "verify", "other")


def try_counts(name):
    """By-split counts that are well-formed, and of other numbers."""
    cases = [("rows_by_split", value) for value in ("train:68,valid:15,test:14", "train:68,valid:14,test:13",
                                                    "train:69,valid:14,test:14")]
    cases += [("shards_by_split", value) for value in ("train:3,valid:2,test:1", "train:3,valid:1,test:0",
                                                       "train:4,valid:1,test:1")]
    for attribute, value in [*cases, ("split", "valid")]:
        path = changed_shard("data", name, lambda file: put(file, attribute, value))
        refuses(f"shard, {attribute} {value}", "", "inspect", "other")
        check(os.path.exists(path), path)


def try_shard_arrays(folder, name, side):
    rows = [0, -1]
    for row in rows:
        for at in ((0, 0, 0), (side // 2, 1, 2), (side - 1, side - 1, 2)):
            def alter(file):
                file["images"][(row % len(file["images"]),) + at] ^= 1
            what = f"{folder}, pixel {at} of image {row}"
            path = changed_shard(folder, name, alter)
            refuses(what, r"image [0-9]+ \(.*\) does not match its digest", "verify", path)
    path = changed_shard(folder, name, lambda file: (change_array(file, "images", "value"), seal_image(file, False)))
    for command in (("verify", path), ("inspect", "other")):
        refuses("images with digests that fit", "/digests does not match its own digest", *command)
    path = changed_shard(folder, name, lambda file: (change_array(file, "images", "value"), seal_image(file, True)))
    uses("a shard whose digests all fit", "verify", path)
    for command in (("verify", "other"), ("inspect", "other")):
        refuses("images with all digests of the shard", "digests do not add up", *command)
    path = changed_shard(folder, name, lambda file: change_array(file, "digests", "value"))
    refuses("digests", "/digests does not match its own digest", "verify", path)
    path = changed_shard(folder, name, lambda file: change_array(file, "names", "value"))
    refuses("names", "/names does not match its digest", "verify", path)
    for array in ("images", "digests", "names"):
        for how in ("missing", "type", "shape", "length"):
            if (array, how) == ("names", "shape"):
                continue  # they are read one after the other
            path = changed_shard(folder, name, lambda file: change_array(file, array, how))
            refuses(f"shard, {array}, {how}", "", "verify", path)
            if array != "names":
                refuses(f"shard, {array}, {how}", "", "inspect", "other")


def sealed_dataset():
    """Another image with every digest of the dataset fitting: that is another dataset, which trains, but not on."""
    shutil.rmtree("other", ignore_errors=True)
    shutil.copytree("data", "other")
    shards = sorted(name for name in os.listdir("other") if name.startswith("train-"))
    with h5py.File(f"other/{shards[-1]}", "r+") as file:
        change_array(file, "images", "value")
        seal_image(file, True)
    every = []
    for name in shards:
        with h5py.File(f"other/{name}") as file:
            every.append(file["digests"][...])
    for name in shards:
        with h5py.File(f"other/{name}", "r+") as file:
            put(file, "split_digest", digest(np.concatenate(every).tobytes()))
    uses("a dataset whose digests all fit", "verify", "other")
    before, after = (uses("digest", "inspect", "--digest", folder)[0].split("\n") for folder in ("data", "other"))
    check(before[0] != after[0] and before[1:] == after[1:], "the digest of a split with another image is the same")
    shutil.rmtree("odd", ignore_errors=True)
    shutil.copytree("run", "odd")
    refuses("another dataset", "was trained on other images", "train", "--run", "odd", "--resume", "--steps", "6",
            "--data", "other")


def main():
    look_at_checkpoint(good, 4, 1)
    look_at_moments()
    look_at_best()
    rows = {"train": 68, "valid": 14, "test": 14}
    look_at_shards("data", 16, rows, {"train": 3, "valid": 1, "test": 1})
    look_at_shards("large", 120, {"train": 12, "valid": 6, "test": 6}, {"train": 2, "valid": 1, "test": 1})
    try_checkpoint()
    try_shard_attributes("train-00001-of-00003.h5")
    try_counts("train-00001-of-00003.h5")
    try_shard_arrays("data", "train-00001-of-00003.h5", 16)
    try_shard_arrays("large", "train-00001-of-00002.h5", 120)
    sealed_dataset()
    print(f"{commands} commands, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
