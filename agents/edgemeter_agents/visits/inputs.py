"""Input tensors: the user's own, or seeded random ones of the right kind."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgemeter_agents.runtimes.base import TensorSpec

#: Wide integers are mostly indices (tokens, positions): only 0 and 1 are valid for every network.
SAFE_INDEX_LIMIT = 2


def random_inputs(specs: Sequence[TensorSpec], seed: int) -> dict[str, NDArray[np.generic]]:
    """Floats uniform in [0, 1) like a normalised image, 8-bit integers over their whole range."""
    generator = np.random.default_rng(seed)
    return {spec.name: _random(spec, generator) for spec in specs}


def _random(spec: TensorSpec, generator: np.random.Generator) -> NDArray[np.generic]:
    dtype = spec.dtype
    if dtype.kind == "f":
        return generator.random(spec.shape, dtype=np.float32).astype(dtype)
    if dtype.kind == "b":
        return generator.integers(0, 2, spec.shape).astype(dtype)
    if dtype.kind in "iu" and dtype.itemsize == 1:
        return np.frombuffer(generator.bytes(math.prod(spec.shape)), dtype).reshape(spec.shape)
    if dtype.kind in "iu":
        return generator.integers(0, SAFE_INDEX_LIMIT, spec.shape).astype(dtype)
    raise ValueError(f"input {spec.name!r} has type {dtype}; supply it with --input")


def read_inputs(file: Path, specs: Sequence[TensorSpec]) -> dict[str, NDArray[np.generic]]:
    """The tensors of an .npz, never unpickled. Raises ValueError for a missing, unknown or misshapen one."""
    with np.load(file, allow_pickle=False) as archive:
        found = {name: archive[name] for name in archive.files}
    wanted = {spec.name: spec for spec in specs}
    if unknown := found.keys() - wanted.keys():
        raise ValueError(
            f"the network has no input {sorted(unknown)[0]!r}; it has {', '.join(sorted(wanted))}"
        )
    if missing := wanted.keys() - found.keys():
        raise ValueError(f"input {sorted(missing)[0]!r} was not supplied")
    return found
