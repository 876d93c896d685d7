"""What is told of a network: inputs, operators, costs. Bounded, whatever the file says."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from edgemeter.graphs.graph import Graph
from edgemeter.graphs.hashing import structural_hash
from edgemeter.graphs.limits import ShapeError
from edgemeter.graphs.precision import own_precision
from edgemeter.graphs.reading import read_graph
from edgemeter.isolation.texts import printable
from edgemeter.targets import Precision
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_server.artifacts.open_inputs import Input, inputs_of

_MAX_INPUTS: Final = 32
_MAX_TYPES: Final = 64
_NAME: Final = 200
_DIMENSION_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Summary:
    """`graph` is None where the file leaves sizes open: what it takes depends on them."""

    features: GraphFeatures
    graph: Graph | None


def summary_of(file: Path) -> Summary:
    """Raises FailureError (malformed) for what is no network, or beyond what is looked at.

    Peak memory is that of the activations that must exist at once, and of all weights. A network whose
    inputs leave sizes open is read with sizes made up: operators and parameters do not depend on them.
    """
    try:
        graph = read_graph(file)
    except ShapeError:
        inputs = inputs_of(file)
        made_up = read_graph(file, {given.name: given.made_up for given in inputs})
        return Summary(_open(made_up, inputs), None)
    return Summary(_bound(graph), graph)


def _bound(graph: Graph) -> GraphFeatures:
    activations = graph.peak_activation_bytes
    return GraphFeatures(
        inputs={_name(name): graph.tensors[name].shape or () for name in graph.inputs[:_MAX_INPUTS]},
        operators=len(graph.operators),
        operator_types=_types(graph),
        macs=None if graph.uncounted else graph.macs,
        parameters=graph.parameters,
        peak_memory_bytes=None if activations is None else activations + graph.weight_bytes,
        structural_hash=structural_hash(graph),
        precision=_precision(graph),
    )


def _open(graph: Graph, inputs: tuple[Input, ...]) -> GraphFeatures:
    return GraphFeatures(
        inputs={_name(given.name): _stated(given) for given in inputs[:_MAX_INPUTS]},
        operators=len(graph.operators),
        operator_types=_types(graph),
        macs=None,
        parameters=graph.parameters,
        peak_memory_bytes=None,
        structural_hash=None,
        precision=_precision(graph),
    )


def _types(graph: Graph) -> dict[str, int]:
    """The most frequent ones by name; the rest together."""
    counts = Counter(
        _name(f"{operator.domain}:{operator.type}" if operator.domain else operator.type)
        for operator in graph.operators
    ).most_common()
    rest = sum(count for _, count in counts[_MAX_TYPES:])
    return {**dict(counts[:_MAX_TYPES]), **({"others": rest} if rest else {})}


def _precision(graph: Graph) -> Literal["fp32", "int8"]:
    return "int8" if own_precision(graph) is Precision.INT8 else "fp32"  # by name, for the type checker


def _stated(given: Input) -> tuple[int | str, ...]:
    return tuple(
        size if isinstance(size, int) else printable(size)[:_DIMENSION_NAME] for size in given.stated
    )


def _name(name: str) -> str:
    return printable(name)[:_NAME]
