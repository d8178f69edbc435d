#!/usr/bin/python3
"""Alters a checkpoint or a shard such that its digests still hold: hostile.py FROM <CASES

Each line of CASES is "TO CHANGE…", with words in the quotes of a shell, and makes the file TO of FROM.

A checkpoint's arrays and its root get their digests anew, so that the change is all there is to find. CHANGE is one of

  set NAME VALUE       an attribute of the root: a whole number, or a text
  config KEY VALUE     a line of the configuration
  array NAME SHAPE     an array /model/NAME of so many zeros that are not stored ("3,4"); the digest is made up
  replace NAME HOW     an array of the file by: external (a link to it in FROM), soft (a link within the file), raw
                       (its numbers in another file), virtual (a view of FROM), lzf (a filter not HDF5's own), transposed
  ring                 groups that hold themselves, forty times
  rewrite VERSION HOW  everything into a new file of the format `latest`, `v110` or `earliest`; texts of any length;
                       HOW: plain, chunked or compressed (all arrays), narrow (numbers of few bytes), big-endian (arrays)
  heap                 rewritten, and a length wrong in the heap of texts, at which HDF5 1.10 crashes
"""
import ctypes
import ctypes.util
import os
import shlex
import shutil
import sys

try:
    import h5py
    import numpy as np
except ImportError:
    print("h5py and NumPy are needed", file=sys.stderr)
    sys.exit(77)


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


library = ctypes.CDLL(ctypes.util.find_library("xxhash"))
library.XXH3_128bits.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
library.XXH3_128bits.restype = Hash128
library.XXH3_64bits.argtypes = library.XXH3_128bits.argtypes
library.XXH3_64bits.restype = ctypes.c_uint64
c = ctypes.CDLL(None)


def digest(data):
    value = library.XXH3_128bits(data, len(data))
    return f"{value.high:016x}{value.low:016x}"


def digest64(data):
    return library.XXH3_64bits(data, len(data))


def hex_float(value):
    """As printf's %a, which Python's float.hex() is not."""
    text = ctypes.create_string_buffer(64)
    c.snprintf(text, ctypes.c_size_t(64), b"%a", ctypes.c_double(value))
    return text.value.decode()


def text_of(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def arrays(group, prefix=""):
    """(name, array) in the order in which the program visits them; links that lead nowhere are left out."""
    for name in sorted(group):
        item = group.get(name)
        if isinstance(item, h5py.Group) and item.id != group.id:
            yield from arrays(item, f"{prefix}/{name}")
        elif isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu":
            yield f"{prefix}/{name}", item


def seal(file):
    a = file.attrs
    text = "%d %d %d %s %s %d %d %d %d %s\n%s\n" % (
        a["height"], a["width"], a["channels"], text_of(a["dataset_digest"]), text_of(a["valid_digest"]), a["seed"], a["epoch"], a["step"],
        a["best_step"], hex_float(a["best_ssim"]), text_of(a["config"]))
    for name, array in arrays(file):
        text += f"{name} {text_of(array.attrs['digest'])}\n"
    put(file, "digest", digest(text.encode()))


def put(item, name, value):
    item.attrs[name] = np.bytes_(value) if isinstance(value, str) else value


# ---- changes ---------------------------------------------------------------------------------------

def set_attribute(file, source, name, value):
    put(file, name, np.int64(value) if value.lstrip("-").isdigit() else value)


def set_key(file, source, key, value):
    lines = text_of(file.attrs["config"]).split("\n")
    lines = [f"{key} = {value}" if line.startswith(key + " =") else line for line in lines]
    put(file, "config", "\n".join(lines))


def add_array(file, source, name, shape):
    shape = [int(n) for n in shape.split(",")]
    chunks = tuple(min(n, 16 if len(shape) < 5 else 1) for n in shape)
    array = file["model"].create_dataset(name, shape, "<f4", chunks=chunks)
    put(array, "digest", digest(bytes(4)))


def replace(file, source, name, how):
    array, target = file[name], "elsewhere.bin"
    values, text = array[...], text_of(array.attrs["digest"]) if "digest" in array.attrs else None
    del file[name]
    if how == "external":
        file[name] = h5py.ExternalLink(os.path.abspath(source), name)
        return
    if how == "soft":
        file["aside"] = values
        if text:
            put(file["aside"], "digest", text)
        file[name] = h5py.SoftLink("/aside")
        return
    if how == "raw":
        values.tofile(target)
        array = file.create_dataset(name, values.shape, values.dtype,
                                    external=[(os.path.abspath(target), 0, h5py.h5f.UNLIMITED)])
    elif how == "virtual":
        layout = h5py.VirtualLayout(values.shape, values.dtype)
        layout[...] = h5py.VirtualSource(os.path.abspath(source), name, values.shape)
        array = file.create_virtual_dataset(name, layout)
    elif how == "lzf":
        array = file.create_dataset(name, data=values, compression="lzf")
    elif how == "transposed":
        values = np.ascontiguousarray(values.T)
        array, text = file.create_dataset(name, data=values), digest(values.tobytes())
    if text:
        put(array, "digest", text)


def ring(file, source):
    for i in range(40):
        file["model"][f"again{i}"] = file["model"]


def number(value, how):
    if not isinstance(value, np.integer) or how != "narrow":
        return value
    for kind in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32):
        if np.iinfo(kind).min <= value <= np.iinfo(kind).max:
            return kind(value)
    return value


def rewrite(source, to, version, how):
    options = {"chunked": {"chunks": True}, "compressed": {"chunks": True, "compression": "gzip"}}.get(how, {})
    bounds = ("earliest", "v108") if version == "earliest" else (version, version)
    with h5py.File(source) as old, h5py.File(to, "w", libver=bounds) as new:
        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                values = item[...]
                if values.dtype.kind in "SO":
                    values = np.array([text_of(v) for v in values], object)
                    made = new.create_dataset(name, data=values, dtype=h5py.string_dtype())
                elif values.size == 0:
                    made = new.create_dataset(name, values.shape, values.dtype)
                else:
                    kind = values.dtype.newbyteorder(">") if how == "big-endian" else values.dtype
                    made = new.create_dataset(name, data=values.astype(kind), dtype=kind, **options)
                copy_attributes(item, made)

        def copy_attributes(a, b):
            for key, value in a.attrs.items():
                b.attrs[key] = text_of(value) if isinstance(value, (bytes, str)) else number(value, how)
        copy_attributes(old, new)
        old.visititems(copy)


def damage_heap(source, to):
    rewrite(source, to, "earliest", "plain")
    data = bytearray(open(to, "rb").read())
    at = data.find(b"GCOL") + 16
    for _ in range(4):
        at += 16 + (int.from_bytes(data[at + 8:at + 16], "little") + 7) // 8 * 8
    data[at + 15] = 100
    with open(to, "wb") as out:
        out.write(data)


def remove(file, source, name):
    del file[name]


changes = {"set": set_attribute, "remove": remove, "config": set_key, "array": add_array, "replace": replace, "ring": ring}


def make(source, to, change, *arguments):
    if change in ("rewrite", "heap"):
        {"rewrite": rewrite, "heap": damage_heap}[change](source, to, *arguments)
        return
    shutil.copy(source, to)
    with h5py.File(to, "r+") as file:
        changes[change](file, source, *arguments)
        if "kind" in file.attrs:
            seal(file)


if __name__ == "__main__":
    for line in sys.stdin:
        make(sys.argv[1], *shlex.split(line))
