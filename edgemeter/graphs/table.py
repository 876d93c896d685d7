"""A graph as rows and as one JSON document. docs/graphs.md describes every field."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Final

from edgemeter.graphs.graph import Attribute, Graph, Operator, Shape
from edgemeter.graphs.hashing import structural_hash
from edgemeter.graphs.survey import flops_survey, parameters_survey

DOCUMENT: Final = "edgemeter.graph/1"


@dataclass(frozen=True, slots=True)
class Row:
    """One operator. Shapes and counts are None where they are unknown."""

    position: int
    type: str  #: "Conv", or "com.microsoft:FusedConv" outside the format's own domain
    name: str
    dtype: str
    input_shapes: tuple[Shape | None, ...]
    output_shapes: tuple[Shape | None, ...]
    macs: int | None
    other_ops: int | None
    parameters: int
    weight_bytes: int
    activation_bytes: int | None


def rows_of(graph: Graph) -> list[Row]:
    """The operators in file order. Shapes of inputs leave constants out."""
    return [_row(graph, position, operator) for position, operator in enumerate(graph.operators)]


def _row(graph: Graph, position: int, operator: Operator) -> Row:
    inputs = [graph.tensors[name] for name in operator.inputs if name]
    cost = operator.cost
    return Row(
        position=position,
        type=f"{operator.domain}:{operator.type}" if operator.domain else operator.type,
        name=operator.name,
        dtype=operator.dtype,
        input_shapes=tuple(tensor.shape for tensor in inputs if not tensor.constant),
        output_shapes=tuple(graph.tensors[name].shape for name in operator.outputs if name),
        macs=cost.macs,
        other_ops=cost.other_ops,
        parameters=cost.parameters,
        weight_bytes=cost.weight_bytes,
        activation_bytes=cost.activation_bytes,
    )


def document_of(graph: Graph) -> dict[str, Any]:
    """Everything that `edgemeter inspect --json` prints but the file's name. Plain JSON, finite numbers."""
    return {
        "document": DOCUMENT,
        "format": graph.format,
        "producer": graph.producer,
        "opsets": {domain or "ai.onnx": version for domain, version in graph.opsets.items()},
        "inputs": [_tensor(graph, name) for name in graph.inputs],
        "outputs": [_tensor(graph, name) for name in graph.outputs],
        "macs": graph.macs,
        "other_ops": graph.other_ops,
        "parameters": graph.parameters,
        "weight_bytes": graph.weight_bytes,
        "activation_bytes": graph.activation_bytes,
        "peak_activation_bytes": graph.peak_activation_bytes,
        "flops_survey": flops_survey(graph),
        "parameters_survey": parameters_survey(graph),
        "structural_hash": structural_hash(graph),
        "folded_operators": graph.folded_operators,
        "uncounted": [operator.name or operator.type for operator in graph.uncounted],
        "operators": [
            {**asdict(row), "attributes": _finite(operator)}
            for row, operator in zip(rows_of(graph), graph.operators, strict=True)
        ],
    }


def _tensor(graph: Graph, name: str) -> dict[str, Any]:
    tensor = graph.tensors[name]
    return {"name": name, "shape": tensor.shape, "dtype": tensor.dtype}


def _finite(operator: Operator) -> dict[str, Any]:
    """Attributes for JSON, which has no infinity: such numbers become texts."""
    return {name: _finite_value(value) for name, value in operator.attributes.items()}


def _finite_value(value: Attribute) -> Any:
    if isinstance(value, tuple):
        return [_finite_value(entry) for entry in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
