"""Kernels of ONNX operators, as ONNX Runtime computes them: maps are NCHW, blocked or not."""

from collections.abc import Sequence
from math import prod
from typing import ClassVar, Final

from edgemeter.graphs.graph import Shape
from edgemeter.kernels.sizes import Operation, Pair, Sizes

CONVOLUTIONS: Final = frozenset({"Conv", "FusedConv", "NhwcFusedConv", "QLinearConv", "ConvInteger"})
_PRODUCTS: Final = frozenset({"Gemm", "FusedGemm", "MatMul", "FusedMatMul"})


class OnnxSizes(Sizes):
    channel_axis: ClassVar[int] = 1

    def window(self, operation: Operation) -> Pair:
        if "kernel_shape" in operation.attributes:
            return _pair(operation.attributes["kernel_shape"])
        weights = operation.weights
        if operation.type in CONVOLUTIONS and weights and len(weights[0]) == 4:
            return weights[0][2], weights[0][3]
        return 1, 1

    def stride(self, operation: Operation) -> Pair:
        return _pair(operation.attributes.get("strides"))

    def groups(self, operation: Operation, inputs: Sequence[Shape]) -> int:  # noqa: ARG002  it is stated
        return int(operation.attributes.get("group", 1))

    def channels(self, operation: Operation, shapes: Sequence[Shape]) -> int:
        first = shapes[0] if shapes else ()
        axis = -1 if operation.type in _PRODUCTS else self.channel_axis
        return first[axis] if len(first) > 1 else prod(first)

    def macs(self, operation: Operation, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int:
        if not outputs or not (operation.type in CONVOLUTIONS or operation.type in _PRODUCTS):
            return 0
        each = self.channels(operation, inputs) // max(self.groups(operation, inputs), 1)
        return prod(outputs[0]) * each * prod(self.window(operation))


def _pair(values: Sequence[int] | None) -> Pair:
    if not values:
        return 1, 1
    return int(values[0]), int(values[1]) if len(values) > 1 else 1
