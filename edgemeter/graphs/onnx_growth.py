"""Bounds what shape inference may compute.

It follows the values of shape tensors through the network, and a file can make it double
them node after node: forty Concat of a tensor with itself are a million million numbers.
"""

from typing import TYPE_CHECKING, Final

from edgemeter.graphs.limits import Limits, MalformedFileError
from edgemeter.graphs.onnx_library import bodies_of

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

#: Operators through which onnx follows values: adding to them, in bodies, or leaving their number.
_GROWING: Final = frozenset({"Concat"})
_SCOPES: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_CARRIERS: Final = frozenset({"Add", "Sub", "Mul", "Cast", "Gather", "Slice", "Squeeze", "Unsqueeze"})


def refuse_growing_values(model: "ModelProto", limits: Limits) -> None:
    """Raises MalformedFileError where followed values could outgrow `limits.shape_entries`."""
    if not any(node.op_type in _GROWING or node.op_type in _SCOPES for node in model.graph.node):
        return
    growth = _Growth(limits)
    growth.follow(model.graph)
    if growth.longest * growth.operators > limits.shape_entries:
        raise MalformedFileError("the file joins shapes to shapes until they could fill the memory")


class _Growth:
    """The most entries that each tensor of integers may have, where its values are followed at all."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries: dict[str, int] = {}
        self.operators = 0
        self.longest = 0

    def follow(self, graph: "GraphProto") -> None:
        for weight in graph.initializer:
            self._note(weight.name, _entries(weight))
        for node in graph.node:
            self.operators += 1
            made = self._made(node)
            for name in node.output if made else ():
                self._note(name, made)
            for attribute in node.attribute if node.op_type in _SCOPES else ():
                for body in bodies_of(attribute):
                    self.follow(body)

    def _made(self, node: "NodeProto") -> int:
        if node.op_type in ("Shape", "Size"):
            return self.limits.rank
        if node.op_type == "Constant":
            return max((_entries(a.t) + len(a.ints) for a in node.attribute), default=0)
        if node.op_type not in _GROWING and node.op_type not in _CARRIERS:
            return 0
        read = [self.entries.get(name, 0) for name in node.input]
        return sum(read) if node.op_type in _GROWING else max(read, default=0)

    def _note(self, name: str, entries: int) -> None:
        if entries:
            self.entries[name] = entries
            self.longest = max(self.longest, entries)


def _entries(tensor: "TensorProto") -> int:
    """Values of a weight that were short enough to be kept."""
    return len(tensor.raw_data) // 4 + len(tensor.int64_data) + len(tensor.int32_data)
