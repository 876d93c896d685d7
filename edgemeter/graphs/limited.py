"""Reads a file of strangers in a limited child process, so that nothing in it can reach this one."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgemeter.failures import FailureError, FailureKind
from edgemeter.graphs.graph import Graph
from edgemeter.graphs.reading import NO_SHAPES, read_graph
from edgemeter.isolation import Limits, run_limited

if TYPE_CHECKING:
    from pydantic import TypeAdapter

#: A file within `edgemeter.graphs.limits.Limits` takes about a second and 256 MB.
CHILD_LIMITS: Final = Limits(wall_s=60.0, cpu_s=10.0, memory_bytes=512 << 20)


def read_graph_limited(file: Path, shapes: Mapping[str, Sequence[int]] = NO_SHAPES) -> Graph:
    """`read_graph` in a confined child that sees nothing but a copy of the file.

    External weights are not there for it, and it does not need them. What it sends back is
    checked like any input before it becomes a `Graph`.

    Raises FailureError: malformed (all that `read_graph` refuses), out_of_memory, timeout or
    runtime_error (the library crashed); OSError when the file cannot be opened.
    """
    sent = run_limited(
        f"{__name__}:read_and_send",
        {"shapes": {name: list(shape) for name, shape in shapes.items()}},
        CHILD_LIMITS,
        preload=("onnx.shape_inference",) if find_spec("onnx") else (),
        files={"file": file.resolve()},
    )
    return graph_from_json(sent)


def read_and_send(payload: Mapping[str, Any]) -> Any:
    """The child's part: reads `payload["file"]` and returns the graph as plain JSON values."""
    return graph_to_json(read_graph(Path(payload["file"]), payload["shapes"]))


def graph_to_json(graph: Graph) -> Any:
    """`graph` as dicts, lists, numbers and texts."""
    return _adapter().dump_python(graph)


def graph_from_json(document: Any) -> Graph:
    """The graph in `document`. Raises FailureError (runtime_error) where there is none."""
    from pydantic import ValidationError

    try:
        # Strict, so that 1.0 stays a float; and strict lists become tuples from JSON text only.
        graph = _adapter().validate_json(json.dumps(document), strict=True)
    except ValidationError:
        raise _garbled() from None
    _check_names(graph)
    return graph


def _check_names(graph: Graph) -> None:
    used = {*graph.inputs, *graph.outputs}
    for operator in graph.operators:
        used.update(operator.inputs, operator.outputs)
        for body in operator.bodies:
            _check_names(body)
    if not used - {""} <= graph.tensors.keys():
        raise _garbled()


def _garbled() -> FailureError:
    return FailureError.of(FailureKind.RUNTIME_ERROR, "the reader of the file sent back no network")


@cache
def _adapter() -> "TypeAdapter[Graph]":
    from pydantic import TypeAdapter

    return TypeAdapter(Graph)
