"""What a kernel's time depends on: which regressor prices it, its loads, and its sizes."""

from collections.abc import Sequence
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.kernels.kernel import Kernel, KernelGraph

Array = NDArray[np.float64]

#: A processor's vectors and blocked layouts work on so many channels at once: what is left over is padded.
_BLOCK: Final = 16
#: Channels of an image: engines read it by another kernel.
_IMAGE_CHANNELS: Final = 4

#: Kinds that are computed by the same code.
_SAME: Final = {"Sum": "Add"}

#: What a kernel does, in units that add up: the line of the roofline. Constant, multiply-adds, elements of
#: activations read and written, weights.
LOADS: Final = ("start", "macs", "read", "written", "weights")
#: Sizes, as logarithms to base 2 unless they are counts.
SIZES: Final = (
    "read",
    "written",
    "channels in",
    "channels out",
    "pixels",
    "window",
    "stride",
    "groups",
    "inputs",
    "last axis",
    "padding out",
    "added",
    "rectified",
    "other activation",
    "weights of the network",
    "result",
)


def regressor_of(kernel: Kernel) -> str:
    """Kernels of one name have one regressor. Convolutions are told apart by how they are computed."""
    taken = kernel.channels[0]
    if "Conv" not in kernel.kind:
        return _SAME.get(kernel.kind, kernel.kind)
    if kernel.groups > 1:
        return f"{kernel.kind} {'depthwise' if kernel.groups == taken else 'grouped'}"
    if taken <= _IMAGE_CHANNELS:
        return f"{kernel.kind} of an image"
    return f"{kernel.kind} {'1x1' if prod(kernel.window) == 1 else 'dense'}"


def loads(kernels: Sequence[Kernel]) -> Array:
    """(n, LOADS)"""
    rows = [(1.0, k.macs, k.read, k.written, k.weights) for k in kernels]
    return np.array(rows, np.float64).reshape(-1, len(LOADS))


def sizes(graph: KernelGraph) -> Array:
    """(kernels, SIZES), in the order of the graph. The last kernel writes the network's result: to memory
    that may be new at every run, which small networks of large maps have much of and whole ones little.
    """
    whole, last = np.log2(1 + graph.weights), len(graph.kernels) - 1
    rows = [(*_sizes(kernel), whole, float(n == last)) for n, kernel in enumerate(graph.kernels)]
    return np.array(rows).reshape(-1, len(SIZES))


def _sizes(kernel: Kernel) -> tuple[float, ...]:
    taken, given = kernel.channels
    per_group = taken / max(kernel.groups, 1)
    logs = np.log2(
        [
            1 + kernel.read,
            1 + kernel.written,
            max(per_group, 1),
            max(given, 1),
            max(kernel.written / max(given, 1), 1),
            prod(kernel.window),
            prod(kernel.stride),
            max(kernel.groups, 1),
            max(len(kernel.inputs), 1),
            kernel.inputs[0][-1] if kernel.inputs and kernel.inputs[0] else 1,
            -(-given // _BLOCK) * _BLOCK / max(given, 1),
        ]
    )
    other = [name for name in kernel.fused if name not in ("Add", "Relu")]
    return (*logs, float("Add" in kernel.fused), float("Relu" in kernel.fused), float(bool(other)))
