"""A file's graph as its kernels are told from: what operators do, and who writes and reads each activation.

Weights have no names here, only shapes, and costs are left out: that is a seventh of a graph, and all that
is kept of a file on a server.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

from edgemeter.graphs.graph import Attribute, Graph, Operator, Shape, elements
from edgemeter.kernels.onnx_sizes import OnnxSizes
from edgemeter.kernels.sizes import Operation, Sizes
from edgemeter.kernels.tflite_sizes import TfliteSizes

Format = Literal["onnx", "tflite"]

#: Campaigns have few sums; of two maps they are additions.
_FAMILIES: Final = {"Sum": "Add"}
_SIZES: Final[Mapping[Format, Sizes]] = {"onnx": OnnxSizes(), "tflite": TfliteSizes()}

#: The type of an operator, and what it reads first: twins have the same.
Likeness = tuple[str, str]


class Activation(NamedTuple):
    """What an operator writes, or the network is given. `shape` is None where it cannot be known."""

    name: str
    shape: Shape | None
    dtype: str

    @property
    def elements(self) -> int | None:
        return elements(self.shape)


class Constant(NamedTuple):
    """`changeable`: a caller may give another, so engines cannot prepare it."""

    shape: Shape | None
    changeable: bool

    @property
    def elements(self) -> int | None:
        return elements(self.shape)


class Work(NamedTuple):
    """What an operator does, whichever activations it does it to."""

    domain: str  #: "" for the format's own operators
    kind: str  #: the operator's type, with its domain where it has one
    family: str  #: operators that are told by the same rules, as long as the engine makes the same of them
    constants: tuple[Constant, ...]
    operation: Operation  #: with weights as the file has them
    multiplies: bool  #: it is a convolution or a matrix product

    @staticmethod
    def of(
        type_: str,
        domain: str,
        attributes: Mapping[str, Attribute],
        constants: tuple[Constant, ...],
        multiplies: bool,
    ) -> "Work":
        kind = f"{domain}:{type_}" if domain else type_
        operation = Operation(type_, attributes, tuple([each.shape or () for each in constants]))
        return Work(domain, kind, _FAMILIES.get(kind, kind), constants, operation, multiplies)


class Node(NamedTuple):
    """An operator of the file. `maps` are the activations that it reads. (A named tuple as all that is made
    for each operator: a dataclass takes three times as long.)
    """

    work: Work
    name: str  #: the operator's, else its first result's
    maps: tuple[Activation, ...]
    results: tuple[Activation, ...]

    @property
    def kind(self) -> str:
        return self.work.kind

    @property
    def likeness(self) -> Likeness:
        return self.work.kind, self.maps[0].name if self.maps else ""


@dataclass(frozen=True)
class Wiring:
    """`activations` are those of the nodes and of the network's `outputs`, by their names."""

    format: Format
    activations: Mapping[str, Activation]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @cached_property
    def sizes(self) -> Sizes:
        return sizes_of(self.format)

    @cached_property
    def writers(self) -> Mapping[str, int]:
        """Of each activation, by position."""
        return {each.name: position for position, node in enumerate(self.nodes) for each in node.results}

    @cached_property
    def readers(self) -> Mapping[str, Sequence[int]]:
        """Of each activation that has some, by position, each once."""
        found: dict[str, list[int]] = {}
        for position, node in enumerate(self.nodes):
            for name in {each.name for each in node.maps}:
                found.setdefault(name, []).append(position)
        return found

    @cached_property
    def alike(self) -> Mapping[Likeness, int]:
        """How many operators of a type read the same."""
        return Counter((node.kind, name) for node in self.nodes for name in {each.name for each in node.maps})

    @cached_property
    def ends(self) -> frozenset[str]:
        """The names of `outputs`."""
        return frozenset(self.outputs)

    @staticmethod
    def of(graph: Graph) -> "Wiring":
        tensors, operators = graph.tensors, graph.operators
        read = [name for each in operators for name in each.inputs if name and not tensors[name].constant]
        written = [name for each in operators for name in each.outputs if name]
        activations = {
            name: Activation(name, tensors[name].shape, tensors[name].dtype)
            for name in dict.fromkeys((*read, *written, *graph.outputs))
        }
        nodes = tuple([_node(graph, activations, operator) for operator in operators])
        return Wiring(graph.format, activations, nodes, graph.outputs)


def sizes_of(format_: Format) -> Sizes:
    """How kernels of files of a format are sized."""
    return _SIZES[format_]


def _node(graph: Graph, activations: Mapping[str, Activation], operator: Operator) -> Node:
    taken = [graph.tensors[name] for name in operator.inputs if name]
    constants = tuple([Constant(each.shape, each.changeable) for each in taken if each.constant])
    return Node(
        Work.of(operator.type, operator.domain, operator.attributes, constants, bool(operator.cost.macs)),
        operator.name or next(iter(operator.outputs), ""),
        tuple([activations[each.name] for each in taken if not each.constant]),
        tuple([activations[name] for name in operator.outputs if name]),
    )
