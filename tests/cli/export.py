"""Compares a safetensors file, read by the rules of its format and nothing else, with the checkpoint it is made of.

    export.py CHECKPOINT FILE

The rules: https://huggingface.co/docs/safetensors (format): a header that begins with {, no holes and no overlaps
between tensors, metadata of text.
"""
import json
import struct
import sys

import h5py
import numpy


def read(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    assert length % 8 == 0, "the values are not aligned"
    text = data[8:8 + length]
    assert text[:1] == b"{" and text.rstrip(b" ")[-1:] == b"}", "the header is not JSON and spaces"
    header = json.loads(text, object_pairs_hook=lambda pairs: unique(pairs))
    values, end, tensors = data[8 + length:], 0, {}
    metadata = header.pop("__metadata__")
    for name, t in header.items():
        assert set(t) == {"dtype", "shape", "data_offsets"} and t["dtype"] == "F32", name
        assert t["data_offsets"][0] == end, f"a hole or an overlap before {name}"
        end = t["data_offsets"][1]
        tensors[name] = numpy.frombuffer(values[t["data_offsets"][0]:end], "<f4").reshape(t["shape"])
    assert end == len(values), "bytes behind the last tensor, or too few"
    assert all(isinstance(v, str) for v in metadata.values())
    return metadata, tensors


def unique(pairs):
    assert len(dict(pairs)) == len(pairs), "a name twice"
    return dict(pairs)


def main():
    checkpoint = h5py.File(sys.argv[1])
    metadata, tensors = read(sys.argv[2])
    arrays = {}
    for group in ("model", "state"):
        checkpoint[group].visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    assert arrays and set(arrays) == set(tensors), set(arrays) ^ set(tensors)
    for name, values in arrays.items():
        assert values.shape == tensors[name].shape, name
        assert values.tobytes() == tensors[name].tobytes(), name
    names = list(tensors)  # those of a layer stand together, the encoder's before the decoder's
    assert names[0] == "encoder/conv1/weight" and names[1:5] == [
        f"encoder/bn1/{part}" for part in ("gamma", "beta", "running_mean", "running_var")], names
    assert names[-1].startswith("decoder/deconv"), names
    text = checkpoint.attrs["config"]
    assert metadata["config"] == (text if isinstance(text, str) else text.decode()), metadata["config"]
    for key in ("step", "epoch", "height", "width", "channels"):
        assert metadata[key] == str(checkpoint.attrs[key]), key
    digest = checkpoint.attrs["dataset_digest"]
    assert metadata["dataset_digest"] == (digest if isinstance(digest, str) else digest.decode())
    print(f"{metadata['step']} steps, {len(tensors)} tensors are equal")


main()
