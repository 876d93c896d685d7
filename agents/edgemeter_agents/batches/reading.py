"""From a file to a `Network`: read and bounded in a limited child before any engine sees it."""

from collections.abc import Mapping
from pathlib import Path

from edgemeter.graphs.graph import Graph
from edgemeter.graphs.hashing import structural_hash
from edgemeter.graphs.limited import read_graph_limited
from edgemeter.graphs.precision import own_precision
from edgemeter.measurement import NetworkDocument
from edgemeter_agents.batches.work import Network
from edgemeter_agents.conditions.software import file_sha256
from edgemeter_agents.networks import ShippedNetwork
from edgemeter_agents.runtimes.base import Format

Shapes = Mapping[str, tuple[int, ...]]


def read_network(id_: str, file: Path, shapes: Shapes, inputs: Path | None = None) -> Network:
    """Raises FailureError (malformed), ShapeError (an unbound input), or OSError."""
    graph = read_graph_limited(file, shapes)
    return network_of(id_, file, graph, shapes, inputs)


def network_of(
    id_: str, file: Path, graph: Graph, shapes: Shapes, inputs: Path | None = None, sha256: str | None = None
) -> Network:
    """`sha256` is the file's, where it is known already."""
    bound = {name: graph.tensors[name].shape or () for name in graph.inputs}
    document = NetworkDocument(
        name=file.name,
        sha256=sha256 or file_sha256(file),
        size_bytes=file.stat().st_size,
        format=graph.format,
        shapes=bound,
        macs=None if graph.uncounted else graph.macs,
        parameters=graph.parameters,
        structural_hash=structural_hash(graph),
    )
    return Network(
        id=id_,
        file=file.resolve(),
        document=document,
        format=Format(graph.format),
        precision=own_precision(graph),
        batch=batch_size(bound),
        shapes=dict(shapes),
        inputs=inputs.resolve() if inputs else None,
    )


def anchor_network(role: str, shipped: ShippedNetwork) -> Network:
    """An anchor as a network of a batch. Our own file: it needs no reading first."""
    document = NetworkDocument(
        name=shipped.path.name,
        sha256=file_sha256(shipped.path),
        size_bytes=shipped.path.stat().st_size,
        format=shipped.format.value,
        shapes={},
        macs=None,
        parameters=None,
        structural_hash=None,
    )
    return Network(
        f"anchor:{role}", shipped.path, document, shipped.format, shipped.precision, batch=1, shapes={}
    )


def batch_size(shapes: Shapes) -> int:
    """The leading dimension, where all inputs that have one agree on it; else 1."""
    leading = {shape[0] for shape in shapes.values() if len(shape) > 1}
    return leading.pop() if len(leading) == 1 else 1
