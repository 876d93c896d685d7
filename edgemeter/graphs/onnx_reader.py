"""Reads an ONNX file: weights stripped, shapes bound and inferred, operators counted.

Repeated fields are read as slices, `node.input[:]`: protobuf copies a slice in one go, twice as
fast as it iterates.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from edgemeter.graphs.assembly import Assembler
from edgemeter.graphs.convention import Body, Node
from edgemeter.graphs.graph import Attribute, Graph, Shape, Tensor, words
from edgemeter.graphs.limits import Limits, MalformedFileError, checked_shape
from edgemeter.graphs.onnx_counting import CONVENTION
from edgemeter.graphs.onnx_functions import inline_functions
from edgemeter.graphs.onnx_growth import refuse_growing_values
from edgemeter.graphs.onnx_library import bodies_of, parse_model, refuse_unreadable, require_onnx
from edgemeter.graphs.onnx_shapes import network_inputs, with_shapes
from edgemeter.graphs.onnx_skeleton import skeleton_of
from edgemeter.graphs.wire import Data

if TYPE_CHECKING:
    from onnx import (
        AttributeProto,
        GraphProto,
        ModelProto,
        NodeProto,
        TensorProto,
        TensorShapeProto,
        ValueInfoProto,
    )

#: TensorProto.DataType in the words of numpy.
_TYPES: Final = dict(
    enumerate(
        words(
            """
            unknown float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64
            complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4
            float4e2m1 float8e8m0 uint2 int2 float6e2m3 float6e3m2
            """
        )
    )
)

#: Operators whose further outputs exist in training only.
_TRAINING_OUTPUTS: Final = frozenset({"BatchNormalization", "Dropout"})

#: AttributeProto.AttributeType: how a plain value is read. Tensors are told by the shapes around them.
_PLAIN: Final[dict[int, Callable[["AttributeProto"], Attribute]]] = {
    1: lambda attribute: attribute.f,
    2: lambda attribute: attribute.i,
    3: lambda attribute: attribute.s.decode(errors="replace"),
    6: lambda attribute: tuple(attribute.floats[:]),
    7: lambda attribute: tuple(attribute.ints[:]),
    8: lambda attribute: tuple(text.decode(errors="replace") for text in attribute.strings),
}
_INDEX_TYPES: Final = frozenset({"int32", "int64"})
_GRAPHS: Final = frozenset({5, 10})
#: The version of the format from which on a weight need not be listed as an input.
_INPUTS_CHANGE_FROM: Final = 4
_NOTHING: Final[frozenset[str]] = frozenset()


def read_onnx(data: Data, folder: Path, shapes: Mapping[str, Sequence[int]], limits: Limits) -> Graph:
    """The network in the ONNX file `data` that lies in `folder`.

    Raises MalformedFileError, ShapeError, or MissingOnnxError.
    """
    require_onnx()
    skeleton = skeleton_of(data, limits)
    for location in skeleton.locations:
        _refuse_outside(location, folder)
    model = parse_model(skeleton.model)
    if not model.graph.node:
        raise MalformedFileError("the file holds no network: it is empty, or neither ONNX nor TFLite")
    refuse_unreadable((model.producer_name, model.producer_version, *(o.domain for o in model.opset_import)))
    opsets = _opsets(model)
    model = inline_functions(model, limits)
    refuse_growing_values(model, limits)
    reader = OnnxReader(limits)
    changeable = _changeable(model)
    weights = reader.weights(model.graph, changeable)  # checked before the library sees them
    inferred = with_shapes(model, data, shapes, limits)
    producer = f"{model.producer_name} {model.producer_version}".strip()
    body = reader.network(model.graph, inferred.graph, weights)
    return Assembler("onnx", producer, opsets, CONVENTION).graph(body)


def _changeable(model: "ModelProto") -> frozenset[str]:
    """What is listed among the inputs; before version 4 of the format every weight had to be."""
    if model.ir_version < _INPUTS_CHANGE_FROM:
        return frozenset()
    return frozenset(value.name for value in model.graph.input)


def _opsets(model: "ModelProto") -> dict[str, int]:
    from onnx.defs import onnx_opset_version

    opsets = {
        "" if opset.domain == "ai.onnx" else opset.domain: opset.version for opset in model.opset_import
    }
    newest = onnx_opset_version()
    if not 1 <= opsets.setdefault("", 1) <= newest:
        raise MalformedFileError(
            f"the file uses opset {opsets['']}; the installed onnx package reads 1 to {newest}"
        )
    return opsets


def _refuse_outside(location: bytes, folder: Path) -> None:
    """External weights are never read; but no file may name one that is not its neighbour."""
    try:
        text = location.decode()
    except UnicodeDecodeError:
        raise MalformedFileError("the file names external data that is no text") from None
    parts = {*PurePosixPath(text).parts, *PureWindowsPath(text).parts}
    absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).anchor
    if absolute or ".." in parts or "\0" in text or not _stays_inside(folder, text):
        raise MalformedFileError(f"the file names external data outside its own folder: {text!r:.200}")


def _stays_inside(folder: Path, location: str) -> bool:
    try:
        home = folder.resolve()
        return (home / location).resolve().is_relative_to(home)
    except (OSError, RuntimeError):  # a name too long, or links in a circle
        return False


class OnnxReader:
    """Reads graphs from protobuf objects.

    `made` are the tensor names that an operator may read, `trail` the same in the order
    in which they came: at the end of a body its names go again. `shapes` are those seen, by their
    bytes: a network has many tensors of few shapes.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.made: set[str] = {""}  # which stands for an input that is left out
        self.trail: list[str] = []
        self.shapes: dict[bytes, Shape | None] = {}

    def weights(self, graph: "GraphProto", changeable: frozenset[str] = _NOTHING) -> dict[str, Tensor]:
        """The stored constants of a graph. Raises MalformedFileError for an impossible shape."""
        weights = {
            weight.name: self._constant(weight.name, weight, weight.name in changeable)
            for weight in graph.initializer
        }
        for sparse in graph.sparse_initializer:
            name, dtype = sparse.values.name, _TYPES.get(sparse.values.data_type, "unknown")
            weights[name] = Tensor(
                name, checked_shape(tuple(sparse.dims), self.limits, name), dtype, constant=True
            )
        return weights

    def network(self, graph: "GraphProto", inferred: "GraphProto", weights: dict[str, Tensor]) -> Body:
        body = self._body(graph, inferred, weights)
        body.inputs = tuple(value.name for value in network_inputs(graph))
        return body

    def _body(self, graph: "GraphProto", inferred: "GraphProto", weights: dict[str, Tensor]) -> Body:
        tensors = {
            value.name: self._inner(value)
            for values in (inferred.value_info, inferred.output, inferred.input)
            for value in values
        }
        tensors.update(weights)
        inputs = tuple(value.name for value in graph.input)
        before = len(self.trail)
        for name in (*inputs, *weights):
            self._make(name)
        nodes = [self._node(*pair, tensors) for pair in zip(graph.node, inferred.node, strict=True)]
        refuse_unreadable((*tensors, *self.trail[before:]))
        while len(self.trail) > before:
            self.made.discard(self.trail.pop())
        return Body(inputs, tuple(value.name for value in graph.output), nodes, tensors)

    def _inner(self, value: "ValueInfoProto") -> Tensor:
        """A tensor that is computed."""
        tensor = value.type.tensor_type  # empty for sequences and maps
        shape: Shape | None = None
        if written := tensor.shape.SerializeToString():
            if written not in self.shapes:
                self.shapes[written] = _known_shape(tensor.shape.dim)
            shape = self.shapes[written]
        elif tensor.HasField("shape"):
            shape = ()
        return Tensor(value.name, shape, _TYPES.get(tensor.elem_type, "unknown"))

    def _node(self, node: "NodeProto", inferred: "NodeProto", tensors: dict[str, Tensor]) -> Node:
        kind, domain = node.op_type, node.domain
        inputs, outputs = tuple(node.input[:]), tuple(node.output[:])
        self._refuse_unmade(kind, inputs)
        found = Node(
            type=kind,
            domain="" if domain == "ai.onnx" else domain,
            name=node.name,
            inputs=inputs,
            outputs=outputs[:1] if kind in _TRAINING_OUTPUTS else outputs,
            attributes={},
        )
        bodies: dict[str, list[Body]] = {}
        for position, attribute in enumerate(node.attribute):
            held = attribute.type or _guessed_type(attribute)
            if held in _PLAIN:
                found.attributes[attribute.name] = _PLAIN[held](attribute)
            elif held in _GRAPHS:
                pairs = zip(bodies_of(attribute), bodies_of(inferred.attribute[position]), strict=True)
                bodies[attribute.name] = [self._body(body, twin, self.weights(body)) for body, twin in pairs]
        refuse_unreadable((kind, domain, found.name, *found.attributes))
        found.bodies = [body for name in sorted(bodies) for body in bodies[name]]
        self._refuse_made(outputs)
        if kind == "Constant" and outputs:
            self._note_constant(node, outputs[0], tensors)
        return found

    def _constant(self, name: str, tensor: "TensorProto", changeable: bool = False) -> Tensor:
        dtype = _TYPES.get(tensor.data_type, "unknown")
        shape = checked_shape(tuple(tensor.dims[:]), self.limits, name)
        values = _integers(tensor, dtype, shape) if dtype in _INDEX_TYPES else None
        return Tensor(name, shape, dtype, constant=True, values=values, changeable=changeable)

    def _note_constant(self, node: "NodeProto", name: str, tensors: dict[str, Tensor]) -> None:
        """What a Constant node holds is told by its attribute, not by inference."""
        for attribute in node.attribute:
            if attribute.name == "value":
                tensors[name] = self._constant(name, attribute.t)
            elif attribute.name == "value_int":
                tensors[name] = Tensor(name, (), "int64", constant=True, values=(attribute.i,))
            elif attribute.name == "value_ints":
                values = tuple(attribute.ints)
                tensors[name] = Tensor(name, (len(values),), "int64", constant=True, values=values)

    def _refuse_unmade(self, operator_type: str, inputs: Sequence[str]) -> None:
        if self.made.issuperset(inputs):
            return
        missing = next(name for name in inputs if name not in self.made)
        raise MalformedFileError(
            f"operator {operator_type!r:.80} reads {missing!r:.80}, which nothing before it makes"
        )

    def _refuse_made(self, outputs: Iterable[str]) -> None:
        for name in outputs:
            if name in self.made and name:
                raise MalformedFileError(f"tensor {name!r:.80} is made twice")
            self._make(name)

    def _make(self, name: str) -> None:
        if name not in self.made:
            self.made.add(name)
            self.trail.append(name)


def _known_shape(dimensions: "Sequence[TensorShapeProto.Dimension]") -> Shape | None:
    shape = tuple(dimension.dim_value for dimension in dimensions)
    if min(shape) > 0:
        return shape
    # 0 is an empty tensor where it is stated, else a size that nobody knows.
    return shape if all(d.dim_value >= 0 and d.HasField("dim_value") for d in dimensions) else None


def _integers(tensor: "TensorProto", dtype: str, shape: Shape) -> tuple[int, ...] | None:
    """The entries, where they are few enough to have been kept."""
    values: Sequence[int] = tensor.int64_data if dtype == "int64" else tensor.int32_data
    if raw := tensor.raw_data:
        code, width = ("q", 8) if dtype == "int64" else ("i", 4)
        values = struct.unpack(f"<{len(raw) // width}{code}", raw[: len(raw) // width * width])
    return tuple(values) if values and len(values) == prod(shape) else None


def _guessed_type(attribute: "AttributeProto") -> int:
    """Files of before 2018 do not say which of its fields an attribute uses."""
    if attribute.HasField("f"):
        return 1
    if attribute.HasField("i"):
        return 2
    if attribute.HasField("s"):
        return 3
    if attribute.HasField("g"):
        return 5
    return 6 if attribute.floats else 7 if attribute.ints else 8 if attribute.strings else 0
