"""Reads a TFLite file without a library: the shapes are in the file."""

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from edgemeter.graphs.assembly import Assembler
from edgemeter.graphs.convention import Body, Node
from edgemeter.graphs.flatbuffer import FlatBuffer, Table
from edgemeter.graphs.graph import Attribute, Graph, Shape, Tensor
from edgemeter.graphs.limits import Limits, MalformedFileError, checked_shape
from edgemeter.graphs.tflite_binding import Signatures, bind
from edgemeter.graphs.tflite_counting import CONVENTION
from edgemeter.graphs.tflite_schema import (
    ACTIVATIONS,
    COMPOSITE_DECOMPOSITION,
    COMPOSITE_OPTIONS,
    CUSTOM,
    OPERATORS,
    OPTIONS,
    PADDINGS,
    SCHEMA_VERSION,
    TYPES,
    BufferField,
    ModelField,
    OperatorCodeField,
    OperatorField,
    Option,
    SubGraphField,
    TensorField,
)
from edgemeter.graphs.tflite_shapes import fill_in
from edgemeter.graphs.wire import Data

_VALUES: Final = 64  #: entries of an int32 or int64 constant that may be axes, sizes or indices
_ENUMS: Final = {"padding": PADDINGS, "fused_activation_function": ACTIVATIONS}


def read_tflite(data: Data, shapes: Mapping[str, Sequence[int]], limits: Limits) -> Graph:
    """The network in a TFLite file: its first subgraph, as an interpreter runs it.

    Raises MalformedFileError or ShapeError.
    """
    reader = TfliteReader(FlatBuffer(data, limits))
    network = reader.body(0)
    fill_in(network, reader.signatures[0])
    bind(network, reader.signatures[0], shapes)
    opsets = {"tflite": SCHEMA_VERSION}
    return Assembler("tflite", reader.description, opsets, CONVENTION).graph(network)


class TfliteReader:
    """`signatures` holds, for every subgraph read, the shapes with dynamic dimensions as -1."""

    def __init__(self, buffer: FlatBuffer) -> None:
        model = buffer.root()
        version = model.scalar(ModelField.VERSION, "I")
        if version != SCHEMA_VERSION:
            raise MalformedFileError(f"the file is TFLite schema version {version}; only 3 is known")
        self.file = buffer
        self.description = model.text(ModelField.DESCRIPTION)
        self.codes = [_operator_name(code) for code in model.tables(ModelField.OPERATOR_CODES)]
        self.buffers = model.tables(ModelField.BUFFERS)
        self.subgraphs = model.tables(ModelField.SUBGRAPHS)
        self.operators_left = buffer.limits.operators
        self.signatures: dict[int, Signatures] = {}
        self.open: set[int] = set()

    def body(self, index: int) -> Body:
        """Subgraph `index` with all that it calls. A subgraph called twice is read, and counted, twice."""
        if not 0 <= index < len(self.subgraphs):
            raise MalformedFileError(f"the file has no subgraph {index}")
        if index in self.open or len(self.open) > self.file.limits.depth:
            raise MalformedFileError("the file's subgraphs call each other in a circle, or too deeply")
        self.open.add(index)
        subgraph = self.subgraphs[index]
        tables = subgraph.tables(SubGraphField.TENSORS)
        names = _unique_names([table.text(TensorField.NAME) for table in tables])
        tensors = {name: self._tensor(name, table) for name, table in zip(names, tables, strict=True)}
        self.signatures[index] = {
            name: table.integers(TensorField.SHAPE_SIGNATURE)
            for name, table in zip(names, tables, strict=True)
        }
        nodes = [self._node(table, names) for table in subgraph.tables(SubGraphField.OPERATORS)]
        self.open.remove(index)
        inputs = _named(subgraph.integers(SubGraphField.INPUTS), names)
        return Body(inputs, _named(subgraph.integers(SubGraphField.OUTPUTS), names), nodes, tensors)

    def _tensor(self, name: str, table: Table) -> Tensor:
        shape = checked_shape(table.integers(TensorField.SHAPE), self.file.limits, name)
        number = table.scalar(TensorField.TYPE, "b")
        dtype = TYPES[number] if 0 <= number < len(TYPES) else "unknown"
        start, size, constant = self._content(table)
        values = self._integers(start, size, dtype, shape) if constant else None
        return Tensor(name, shape, dtype, constant=constant, values=values)

    def _content(self, table: Table) -> tuple[int, int, bool]:
        """Where the tensor's data lies in the file, and whether it has any at all."""
        if table.scalar(TensorField.EXTERNAL_BUFFER, "I"):
            return 0, 0, True
        index = table.scalar(TensorField.BUFFER, "I")
        if index >= len(self.buffers):
            raise MalformedFileError(f"the file has no buffer {index}")
        buffer = self.buffers[index]
        start, size = buffer.bytes(BufferField.DATA)
        if not size and (
            size := buffer.scalar(BufferField.SIZE, "Q")
        ):  # files above 2 GB keep data behind the end
            start = buffer.scalar(BufferField.OFFSET, "Q")
            if start + size > self.file.size:
                raise MalformedFileError("the file is cut off or broken: its weights lie outside it")
        return start, size, size > 0

    def _integers(self, start: int, size: int, dtype: str, shape: Shape) -> tuple[int, ...] | None:
        width = {"int32": 4, "int64": 8}.get(dtype)
        count = prod(shape)
        if width is None or count > _VALUES or count * width != size:
            return None
        self.file.spend(count)
        return struct.unpack_from(f"<{count}{'i' if width == 4 else 'q'}", self.file.data, start)

    def _node(self, table: Table, names: Sequence[str]) -> Node:
        self.operators_left -= 1
        if self.operators_left < 0:
            raise MalformedFileError(f"the file has more than {self.file.limits.operators:,} operators")
        code = table.scalar(OperatorField.OPCODE_INDEX, "I")
        if code >= len(self.codes):
            raise MalformedFileError(f"the file has no operator code {code}")
        domain, kind = self.codes[code]
        attributes = _attributes(table)
        called = _called_subgraphs(table, attributes)
        outputs = _named(table.integers(OperatorField.OUTPUTS), names)
        return Node(
            type=kind,
            domain=domain,
            name=outputs[0]
            if outputs
            else "",  # TFLite operators have none: their first output tells them apart
            inputs=_named(table.integers(OperatorField.INPUTS), names),
            outputs=outputs,
            attributes={} if called else attributes,
            bodies=[self.body(index) for index in called],
        )


def _operator_name(code: Table) -> tuple[str, str]:
    """Domain and type. Codes above 127 do not fit the old field, which then says 127."""
    number = max(
        code.scalar(OperatorCodeField.DEPRECATED_BUILTIN_CODE, "b"),
        code.scalar(OperatorCodeField.BUILTIN_CODE, "i"),
    )
    if number == CUSTOM:
        return "custom", code.text(OperatorCodeField.CUSTOM_CODE)
    return "", OPERATORS[number] if 0 <= number < len(OPERATORS) else f"BUILTIN_{number}"


def _unique_names(names: Sequence[str]) -> list[str]:
    """Tensors are told apart by position in the file; names may repeat or be missing."""
    seen: set[str] = {""}
    unique = []
    for position, given in enumerate(names):
        name = given
        while name in seen:
            name += f":{position}"
        unique.append(name)
        seen.add(name)
    return unique


def _named(positions: Sequence[int], names: Sequence[str]) -> tuple[str, ...]:
    """The tensors at `positions`; -1 is one that is left out."""
    if any(not -1 <= position < len(names) for position in positions):
        raise MalformedFileError("the file is broken: an operator uses a tensor that does not exist")
    return tuple(names[position] if position >= 0 else "" for position in positions)


def _attributes(table: Table) -> dict[str, Attribute]:
    fields = OPTIONS.get(table.scalar(OperatorField.BUILTIN_OPTIONS_TYPE, "B"), ())
    options = table.table(OperatorField.BUILTIN_OPTIONS) if fields else None
    return {field.name: _value(options, field) for field in fields} if options is not None else {}


def _value(options: Table, field: Option) -> Attribute:
    if field.code == "v":
        return options.integers(field.index)
    value = options.scalar(field.index, field.code, field.default)
    if field.code == "?":
        return int(value)  # as ONNX writes its switches
    words = _ENUMS.get(field.name, ())
    return words[value] if 0 <= value < len(words) else value


def _called_subgraphs(table: Table, attributes: dict[str, Attribute]) -> list[int]:
    """Subgraphs that a control operator runs: its options name them."""
    if table.scalar(OperatorField.BUILTIN_OPTIONS_2_TYPE, "B") == COMPOSITE_OPTIONS:
        options = table.table(OperatorField.BUILTIN_OPTIONS_2)
        return [] if options is None else [options.scalar(COMPOSITE_DECOMPOSITION, "i")]
    return [value for name, value in attributes.items() if "subgraph" in name and isinstance(value, int)]
