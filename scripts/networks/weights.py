"""Weights and images from a counter hash: the same bytes on every machine and numpy version."""

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def uniform(key: str, shape: tuple[int, ...]) -> Floats:
    """Values in [-1, 1) that depend on `key` and their position alone (the splitmix64 sequence)."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    count = int(np.prod(shape))
    step = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is the hash
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * step
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    # 24 bits are exact in float32.
    values: Floats = (z >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)
    return values.reshape(shape)


def filters(key: str, shape: tuple[int, int, int, int], gain: float) -> Floats:
    """Weights (output, height, width, input) that keep the scale of what passes through them.

    Each dense filter sums to zero: otherwise the common positive mean that ReLU leaves would
    grow from layer to layer until all inputs gave nearly the same output.
    """
    values = uniform(key, shape).astype(np.float64)
    if shape[3] > 1:
        # Sums of 24-bit fractions are exact in float64, in whatever order a processor adds them.
        values -= values.mean(axis=(1, 2, 3), keepdims=True)
    fan_in = shape[1] * shape[2] * shape[3]
    scaled: Floats = (values * gain * np.sqrt(3 / fan_in)).astype(np.float32)
    return scaled


def images(key: str, count: int, size: int) -> Floats:
    """Pictures (count, size, size, 3) in [-1, 1]: coloured patches and fine noise under a colour cast.

    Contrast and cast differ from picture to picture, as they do between photographs.
    """
    patches = uniform(f"{key}/patches", (count, 4, 4, 3))
    coarse = patches.repeat(size // 4, axis=1).repeat(size // 4, axis=2)
    contrast = 0.5 + 0.5 * uniform(f"{key}/contrast", (count, 1, 1, 1))
    cast = uniform(f"{key}/cast", (count, 1, 1, 3))
    fine = uniform(f"{key}/noise", (count, size, size, 3))
    return np.asarray(0.5 * cast + contrast * (0.375 * coarse + 0.125 * fine), np.float32)
