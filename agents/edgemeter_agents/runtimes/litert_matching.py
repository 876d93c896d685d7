"""Which operator of a partition each kernel of XNNPACK computes.

Both are lists in order of execution. An operator may be no kernel of its own (a padding that a convolution
takes in), and a kernel may be one more of the operator before it (a clamp after an addition): the matching
is the alignment of the two lists with the fewest of either.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: How the names of kernels begin that compute an operator whose own name begins otherwise. A depthwise
#: convolution with a large window is computed as any other.
_OTHER_NAMES: Final = {
    "CONV_2D": ("convolution", "fullyconnected"),
    "DEPTHWISE_CONV_2D": ("convolution",),
    "TRANSPOSE_CONV": ("deconvolution",),
    "LOGISTIC": ("sigmoid",),
    "RELU": ("clamp",),
    "RELU6": ("clamp",),
    "RELU_N1_TO_1": ("clamp",),
    "RELU_0_TO_1": ("clamp",),
    "CONCATENATION": ("copy", "concat"),
    "SPLIT": ("copy", "slice", "split"),
    "STRIDED_SLICE": ("slice", "strided"),
    "RESHAPE": ("staticreshape", "reshape", "copy"),
    "EXPAND_DIMS": ("staticreshape", "expand", "copy"),
    "SQUEEZE": ("staticreshape", "squeeze", "copy"),
    "PAD": ("constantpad",),
    "PADV2": ("constantpad",),
    "AVERAGE_POOL_2D": ("averagepool", "globalaverage"),
    "RSQRT": ("reciprocalsquare", "rsqrt"),
    "QUANTIZE": ("convert",),
    "DEQUANTIZE": ("convert",),
}
#: So many letters of its own name tell an operator from all others.
_LETTERS: Final = 4


def aligned(operators: Sequence[str], kernels: Sequence[str]) -> list[int | None]:
    """Of each kernel the operator that it computes: its position; None where that is certain of none."""
    fits = np.array([[_computes(kernel, kind) for kernel in kernels] for kind in operators], bool)
    left = _fewest_left(fits.reshape(len(operators), len(kernels)))
    found: list[int | None] = [None] * len(kernels)
    row = column = 0
    while row < len(operators) and column < len(kernels):
        if fits[row, column] and left[row, column] == left[row + 1, column + 1]:
            found[column] = row
            row, column = row + 1, column + 1
        elif left[row, column] == 1 + left[row + 1, column]:
            row += 1
        else:
            column += 1
    return found


def _fewest_left(fits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(rows + 1, columns + 1): how many have no partner in the best alignment from there on."""
    rows, columns = fits.shape
    left = np.zeros((rows + 1, columns + 1), np.int64)
    left[:, columns] = np.arange(rows, -1, -1)
    left[rows, :] = np.arange(columns, -1, -1)
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            skipped = 1 + min(left[row + 1, column], left[row, column + 1])
            left[row, column] = min(skipped, left[row + 1, column + 1]) if fits[row, column] else skipped
    return left


@lru_cache(4096)
def _computes(kernel: str, operator: str) -> bool:
    plain = re.sub(r"\(.*?\)|[^a-z]", "", kernel.lower())
    own = re.sub(r"[^a-z]", "", operator.lower())[:_LETTERS]
    return plain.startswith(_OTHER_NAMES.get(operator, (own,)))
