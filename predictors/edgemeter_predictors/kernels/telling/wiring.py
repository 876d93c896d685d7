"""A graph by its tensors: who writes and who reads each, and which are activations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from edgemeter.graphs.graph import Graph, Operator, Tensor
from edgemeter.kernels.onnx_sizes import OnnxSizes
from edgemeter.kernels.sizes import Operation, Sizes
from edgemeter.kernels.tflite_sizes import TfliteSizes

#: Campaigns have few sums; of two maps they are additions.
_FAMILIES: Final = {"Sum": "Add"}
_SIZES: Final[Mapping[str, Sizes]] = {"onnx": OnnxSizes(), "tflite": TfliteSizes()}


#: The type of an operator, and what it reads first: twins have the same.
Likeness = tuple[str, str]


class Node(NamedTuple):
    """An operator of the file. `maps` are the activations that it reads, `constants` what else. (A named
    tuple as all that is made for each operator: a dataclass takes three times as long.)
    """

    kind: str  #: the operator's type, with its domain where that is not the format's own
    family: str  #: operators that are told by the same rules, as long as the engine makes the same of them
    operator: Operator
    maps: tuple[Tensor, ...]
    constants: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    operation: Operation  #: with weights as the file has them

    @property
    def likeness(self) -> Likeness:
        return self.kind, self.maps[0].name if self.maps else ""


class Wiring(NamedTuple):
    """`writers` and `readers` of tensors are positions of `nodes`, `alike` counts the readers of a type;
    `outputs` are the network's, `sizes` the format's.
    """

    sizes: Sizes
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    writers: Mapping[str, int]
    readers: Mapping[str, Sequence[int]]
    alike: Mapping[tuple[str, str], int]
    outputs: frozenset[str]

    @staticmethod
    def of(graph: Graph) -> "Wiring":
        nodes = tuple(_node(graph.tensors, operator) for operator in graph.operators)
        writers: dict[str, int] = {}
        readers: dict[str, list[int]] = {}
        for position, node in enumerate(nodes):
            for tensor in node.results:
                writers[tensor.name] = position
            for name in {tensor.name for tensor in node.maps}:
                readers.setdefault(name, []).append(position)
        alike = Counter((node.kind, name) for node in nodes for name in {each.name for each in node.maps})
        outputs = frozenset(graph.outputs)
        return Wiring(sizes_of(graph), graph.tensors, nodes, writers, readers, alike, outputs)


def sizes_of(graph: Graph) -> Sizes:
    """Of its format."""
    return _SIZES[graph.format]


def _node(tensors: Mapping[str, Tensor], operator: Operator) -> Node:
    taken = [tensors[name] for name in operator.inputs if name]
    constants = [tensor for tensor in taken if tensor.constant]
    kind = f"{operator.domain}:{operator.type}" if operator.domain else operator.type
    return Node(
        kind,
        _FAMILIES.get(kind, kind),
        operator,
        tuple([tensor for tensor in taken if not tensor.constant]),
        tuple(constants),
        tuple([tensors[name] for name in operator.outputs if name]),
        Operation(operator.type, operator.attributes, [tensor.shape or () for tensor in constants]),
    )
