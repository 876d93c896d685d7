"""Model-local functions are written out where they are called, after their full size is known."""

from typing import TYPE_CHECKING

from edgemeter.graphs.limits import Limits, MalformedFileError
from edgemeter.graphs.onnx_library import bodies_of, inline_calls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto, NodeProto

Name = tuple[str, str, str]


def inline_functions(model: "ModelProto", limits: Limits) -> "ModelProto":
    """`model` without function calls.

    Raises MalformedFileError when a function calls itself, however far round, or when the
    written-out network exceeds `limits.operators`: thirty functions that call each other
    twice are a billion operators.
    """
    if not model.functions:
        return model
    sizes = _Sizes(model, limits)
    if sizes.of(model.graph.node) > limits.operators:
        raise MalformedFileError(f"the file's functions unfold to more than {limits.operators:,} operators")
    return inline_calls(model)


class _Sizes:
    def __init__(self, model: "ModelProto", limits: Limits) -> None:
        self.functions = {(f.domain, f.name, f.overload): f for f in model.functions}
        self.known: dict[Name, int] = {}
        self.open: set[Name] = set()
        self.depth = limits.depth

    def of(self, nodes: "Iterable[NodeProto]") -> int:
        return sum(self._of_node(node) for node in nodes)

    def _of_node(self, node: "NodeProto") -> int:
        inside = sum(self.of(body.node) for attribute in node.attribute for body in bodies_of(attribute))
        name = (node.domain, node.op_type, node.overload)
        return inside + (self._of_function(name) if name in self.functions else 1)

    def _of_function(self, name: Name) -> int:
        if name in self.open or len(self.open) > self.depth:
            raise MalformedFileError(f"function {name[1]!r:.80} calls itself, or calls are nested too deeply")
        if name not in self.known:
            self.open.add(name)
            self.known[name] = 1 + self.of(self.functions[name].node)
            self.open.remove(name)
        return self.known[name]
