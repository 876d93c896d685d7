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
#: activations read and written, weights; rows of what multiplies nothing: a softmax takes its time for each.
LOADS: Final = ("start", "macs", "read", "written", "weights", "rows")
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
_FLAGS: Final = 3
#: Of a kernel by itself: all but the network's weights and whether it writes the result.
_COLUMNS: Final = len(LOADS) + len(SIZES) - 2


def regressor_of(kernel: Kernel) -> str:
    """Kernels of one name have one regressor. Convolutions are told apart by how they are computed, and
    products by whether their weights serve one row, which is read from memory at every run, or many.
    """
    taken = kernel.channels[0]
    if "Conv" not in kernel.kind:
        one_row = kernel.macs > 0 and kernel.written == kernel.channels[1]
        return f"{kernel.kind} of one row" if one_row else _SAME.get(kernel.kind, kernel.kind)
    if kernel.groups > 1:
        return f"{kernel.kind} {'depthwise' if kernel.groups == taken else 'grouped'}"
    if taken <= _IMAGE_CHANNELS:
        return f"{kernel.kind} of an image"
    return f"{kernel.kind} {'1x1' if prod(kernel.window) == 1 else 'dense'}"


def described(graph: KernelGraph) -> tuple[Array, Array]:
    """(kernels, LOADS) and (kernels, SIZES), in the order of the graph. The last kernel writes the network's
    result: to memory that may be new at every run, which small networks of large maps have much of and whole
    ones little.
    """
    rows = np.array([_row(kernel) for kernel in graph.kernels], np.float64).reshape(-1, _COLUMNS)
    counts, flags = rows[:, len(LOADS) : -_FLAGS], rows[:, -_FLAGS:]
    weights = np.full((len(rows), 1), np.log2(1 + graph.weights))
    result = np.arange(len(rows))[:, None] == len(rows) - 1
    return rows[:, : len(LOADS)], np.hstack([np.log2(counts), flags, weights, result])


def handed_over(graphs: Sequence[KernelGraph]) -> Array:
    """(n, 2): elements that a network is given and gives, as its first and its last kernel tell. What an
    engine copies of them belongs to no kernel; networks of a kernel or two are half copies.
    """
    ends = [(graph.kernels[0].inputs, graph.kernels[-1].outputs) for graph in graphs]
    return np.array([[prod(maps[0]) if maps else 0 for maps in each] for each in ends]).reshape(-1, 2)


def _row(kernel: Kernel) -> tuple[float, ...]:
    """Its loads, what its sizes are the logarithms of, and flags."""
    taken, given = kernel.channels
    groups, given = max(kernel.groups, 1), max(given, 1)
    macs, read, written, inputs = kernel.macs, kernel.read, kernel.written, kernel.inputs
    last = max(inputs[0][-1], 1) if inputs and inputs[0] else 1  # of its rows, in memory one after the other
    return (
        1.0,
        macs,
        read,
        written,
        kernel.weights,
        0 if macs else read / last,
        1 + read,
        1 + written,
        max(taken / groups, 1),
        given,
        max(written / given, 1),
        kernel.window[0] * kernel.window[1],
        kernel.stride[0] * kernel.stride[1],
        groups,
        max(len(inputs), 1),
        last,
        -(-given // _BLOCK) * _BLOCK / given,
        *_flags(kernel.fused),
    )


def _flags(fused: tuple[str, ...]) -> tuple[bool, bool, bool]:
    return "Add" in fused, "Relu" in fused, any(name not in ("Add", "Relu") for name in fused)
