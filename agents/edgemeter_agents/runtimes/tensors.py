"""What every adapter checks of the tensors it is given."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgemeter_agents.runtimes.base import Tensors, TensorSpec


def checked(specs: Sequence[TensorSpec], tensors: Tensors) -> list[NDArray[np.generic]]:
    """Contiguous copies of `tensors` in the order of `specs`.

    Raises ValueError naming the tensor that is missing, unknown, or of another shape or type.
    """
    if unknown := sorted(tensors.keys() - {spec.name for spec in specs}):
        raise ValueError(f"the network has no input {unknown[0]!r}")
    return [_checked(spec, tensors) for spec in specs]


def zeros(specs: Sequence[TensorSpec]) -> dict[str, NDArray[np.generic]]:
    return {spec.name: np.zeros(spec.shape, spec.dtype) for spec in specs}


def _checked(spec: TensorSpec, tensors: Tensors) -> NDArray[np.generic]:
    if spec.name not in tensors:
        raise ValueError(f"input {spec.name!r} is missing")
    tensor = tensors[spec.name]
    if tensor.shape != spec.shape:
        raise ValueError(f"input {spec.name!r} has the shape {spec.shape}, not {tensor.shape}")
    if tensor.dtype != spec.dtype:
        raise ValueError(f"input {spec.name!r} is of type {spec.dtype}, not {tensor.dtype}")
    return np.array(tensor, order="C")
