"""Binds the dynamic dimensions of an ONNX model's inputs and has the rest inferred."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgemeter.graphs.binding import Dimension, bound_shape, refuse_unknown_inputs
from edgemeter.graphs.limits import Limits, checked_shape
from edgemeter.graphs.onnx_library import infer_shapes, parse_model, refuse_unreadable
from edgemeter.graphs.onnx_skeleton import stated_shapes_of
from edgemeter.graphs.onnx_stand_ins import with_stand_ins
from edgemeter.graphs.wire import Data

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, TensorShapeProto, ValueInfoProto


def with_shapes(
    model: "ModelProto", data: Data, shapes: Mapping[str, Sequence[int]], limits: Limits
) -> "ModelProto":
    """`model` with the types of its inner tensors, its inputs bound to `shapes`.

    What the file itself says about inner tensors is believed only for operators that no schema
    describes: for all others it may be stale, and inference knows better.
    Raises ShapeError for inputs that stay dynamic, MalformedFileError for impossible shapes.
    """
    _bind_inputs(model.graph, shapes, limits)
    foreign = _outputs_without_schema(model.graph)
    stated = parse_model(stated_shapes_of(data, limits)).graph.value_info if foreign else ()
    model.graph.value_info.extend(value for value in stated if value.name in foreign)
    for value in model.graph.output:
        if value.name not in foreign and value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")
    return infer_shapes(with_stand_ins(model))


def network_inputs(graph: "GraphProto") -> "list[ValueInfoProto]":
    """Inputs that a caller must feed: old files list their weights among the inputs too."""
    weights = {weight.name for weight in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def _bind_inputs(graph: "GraphProto", shapes: Mapping[str, Sequence[int]], limits: Limits) -> None:
    inputs = network_inputs(graph)
    refuse_unreadable(value.name for value in inputs)
    refuse_unknown_inputs(shapes, [value.name for value in inputs])
    for value in inputs:
        if not value.type.HasField("tensor_type"):
            continue
        tensor = value.type.tensor_type
        refuse_unreadable(dimension.dim_param for dimension in tensor.shape.dim)
        stated = [_dimension(d) for d in tensor.shape.dim] if tensor.HasField("shape") else None
        bound = checked_shape(bound_shape(value.name, stated, shapes.get(value.name)), limits, value.name)
        tensor.shape.ClearField("dim")
        tensor.shape.SetInParent()  # a scalar has a shape too
        for size in bound:
            tensor.shape.dim.add(dim_value=size)


def _dimension(dimension: "TensorShapeProto.Dimension") -> Dimension:
    """A size of 0 or below is how some exporters write a dynamic one."""
    return dimension.dim_value if dimension.dim_value > 0 else dimension.dim_param or "?"


def _outputs_without_schema(graph: "GraphProto") -> set[str]:
    from onnx import defs

    foreign = set()
    for node in graph.node:
        if node.domain not in ("", "ai.onnx"):
            refuse_unreadable((node.op_type, node.domain))
            if not defs.has(node.op_type, node.domain):
                foreign.update(node.output)
    return foreign
