"""Deterministic test data: the same integer formulas as tests/reference/ref_random.c."""
import numpy as np

MASK = 0xFFFFFFFF


def _lcg(state):
    return (state * 1664525 + 1013904223) & MASK


def golden_pair(h, w, c, seed):
    """Original and reconstruction [h, w, c], bytes / 255 rounded to float32, returned as float64."""
    x, y = np.zeros((h, w, c)), np.zeros((h, w, c))
    a, b = seed, seed ^ 0x5BD1E995
    for i in range(h):
        for j in range(w):
            for ch in range(c):
                a, b = _lcg(a), _lcg(b)
                wave = abs((5 * i + 3 * j + 37 * ch + seed % 97) % 254 - 127)
                px = 32 + wave + (a >> 26)
                py = px + (b >> 27) - 16 + (i // 8 + j // 8) % 2 * 12
                x[i, j, ch] = px / 255
                y[i, j, ch] = min(max(py, 0), 255) / 255
    return x.astype(np.float32).astype(np.float64), y.astype(np.float32).astype(np.float64)


def golden_values(seed, *shape):
    """k / 1024 with |k| <= 1024, exact in float32."""
    values, state = np.zeros(int(np.prod(shape))), seed
    for i in range(values.size):
        state = _lcg(state)
        values[i] = ((state >> 8) % 2049 - 1024) / 1024
    return values.reshape(shape)
