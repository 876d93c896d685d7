"""Kernels of TFLite operators: maps are NHWC, and weights say of a convolution what attributes do not."""

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar, Final

from edgemeter.graphs.graph import Shape
from edgemeter.kernels.sizes import Operation, Pair, Sizes

_CONVOLUTIONS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
_PRODUCTS: Final = frozenset({"FULLY_CONNECTED", "BATCH_MATMUL"})


class TfliteSizes(Sizes):
    channel_axis: ClassVar[int] = -1

    def window(self, operation: Operation) -> Pair:
        if filters := _filters(operation):
            return filters[1], filters[2]
        return _pair(operation, "filter_height", "filter_width")

    def stride(self, operation: Operation) -> Pair:
        return _pair(operation, "stride_h", "stride_w")

    def groups(self, operation: Operation, inputs: Sequence[Shape]) -> int:
        filters = _filters(operation)
        if filters is None or operation.type == "TRANSPOSE_CONV":
            return 1
        each = 1 if operation.type == "DEPTHWISE_CONV_2D" else filters[3]
        return max(1, self.channels(operation, inputs) // max(each, 1))

    def channels(self, operation: Operation, shapes: Sequence[Shape]) -> int:  # noqa: ARG002  always the last
        return shapes[0][-1] if shapes and shapes[0] else 1

    def macs(self, operation: Operation, inputs: Sequence[Shape], outputs: Sequence[Shape]) -> int:
        kind, filters = operation.type, _filters(operation)
        if kind == "TRANSPOSE_CONV" and filters:
            return sum(map(prod, inputs[-1:])) * prod(filters[:3])
        written = sum(map(prod, outputs))
        if filters:
            return written * prod(filters[1:] if kind == "CONV_2D" else filters[1:3])
        return written * self.channels(operation, inputs) if kind in _PRODUCTS else 0

    def within(self, operation: Operation) -> tuple[str, ...]:
        activation = str(operation.attributes.get("fused_activation_function", "NONE"))
        return () if activation == "NONE" else (activation.capitalize(),)


def _filters(operation: Operation) -> Shape | None:
    """(outputs, height, width, inputs) of a convolution; a depthwise one has 1, height, width, outputs."""
    if operation.type not in _CONVOLUTIONS:
        return None
    return next((each for each in operation.weights if len(each) == 4), None)


def _pair(operation: Operation, *names: str) -> Pair:
    first, second = (max(1, int(_number(operation.attributes.get(name, 1)))) for name in names)
    return first, second


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 1
