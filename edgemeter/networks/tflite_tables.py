"""TFLite's tables as flatbuffers, by the field numbers that the reader knows, too.

Weights do not pass through the flatbuffers package, which would copy them several times: they follow
the tables, and the offsets to them are set when the tables are done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from struct import pack_into, unpack_from
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.graphs.tflite_schema import (
    OPERATORS,
    OPTIONS,
    SCHEMA_VERSION,
    TYPES,
    BufferField,
    ModelField,
    OperatorCodeField,
    OperatorField,
    QuantizationField,
    SignatureField,
    SubGraphField,
    TensorField,
    TensorMapField,
)
from edgemeter.networks.stream import Payload, joined

SIGNATURE: Final = "serving_default"
_IDENTIFIER: Final = b"TFL3"
_ALIGNMENT: Final = 16
#: The union of options that each operator takes.
_UNIONS: Final = {
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "AVERAGE_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "FULLY_CONNECTED": 8,
    "SOFTMAX": 9,
    "CONCATENATION": 10,
    "ADD": 11,
    "LOCAL_RESPONSE_NORMALIZATION": 13,
    "RESIZE_BILINEAR": 15,
    "RESHAPE": 17,
    "SPACE_TO_DEPTH": 19,
    "MUL": 21,
    "PAD": 22,
    "TRANSPOSE": 26,
    "MEAN": 27,
    "SUM": 27,
    "REDUCE_MAX": 27,
    "SUB": 28,
    "DIV": 29,
    "STRIDED_SLICE": 32,
    "EXP": 33,
    "MAXIMUM": 39,
    "SLICE": 48,
    "TRANSPOSE_CONV": 49,
    "SHAPE": 55,
    "PACK": 59,
    "SQUARE": 66,
    "RESIZE_NEAREST_NEIGHBOR": 74,
    "LEAKY_RELU": 75,
    "ABS": 78,
    "HARD_SWISH": 91,
    "DEPTH_TO_SPACE": 94,
}


@dataclass(frozen=True, slots=True)
class Quantization:
    """One step for all, or one for each index along `dimension`."""

    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    dimension: int = 0


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """A tensor; `buffer` 0 is that of values that are computed."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    buffer: int
    quantization: Quantization | None


@dataclass(frozen=True, slots=True)
class OperatorEntry:
    code: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, float]


@dataclass(slots=True)
class Tables:
    """One subgraph, its tensors, operators and constants, in the order in which they were added."""

    tensors: list[TensorEntry] = field(default_factory=list)
    operators: list[OperatorEntry] = field(default_factory=list)
    constants: list[Payload] = field(default_factory=list)  #: of buffers 1, 2, ...

    def serialised(self, name: str, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        writer = _Writer()
        tables = bytearray(writer.finish(self, name, inputs, outputs))
        return _with_weights(tables, self.constants)


def _with_weights(tables: bytearray, constants: Sequence[Payload]) -> bytes:
    parts: list[bytes | Payload] = []
    end = len(tables)
    for place, constant in zip(_data_fields(tables), constants, strict=True):
        gap = -(end + 4) % _ALIGNMENT
        pack_into("<I", tables, place, end + gap - place)
        length = bytearray(gap + 4)
        pack_into("<I", length, gap, constant.size)
        parts += [bytes(length), constant]
        end += len(length) + constant.size
    return joined([bytes(tables), *parts])


def _data_fields(tables: bytearray) -> list[int]:
    """Where the offset to the data of each buffer but the first, which has none, is stored."""
    model = _number("<I", tables, 0)
    buffers = _field(tables, model, ModelField.BUFFERS)
    vector = buffers + _number("<I", tables, buffers)
    entries = [vector + 4 + 4 * index for index in range(1, _number("<I", tables, vector))]
    return [_field(tables, entry + _number("<I", tables, entry), BufferField.DATA) for entry in entries]


def _field(tables: bytearray, table: int, index: int) -> int:
    slots = table - _number("<i", tables, table)
    return table + _number("<H", tables, slots + 4 + 2 * index)


def _number(code: str, tables: bytearray, position: int) -> int:
    value: int = unpack_from(code, tables, position)[0]
    return value


@dataclass(frozen=True, slots=True)
class _Offset:
    """Where something that was written is: a field that holds it is a reference."""

    value: int


class _Writer:
    def __init__(self) -> None:
        import flatbuffers

        self._builder: Any = flatbuffers.Builder(1 << 16)
        self._written: dict[tuple[int, ...], _Offset] = {}
        self._slots: dict[str, Any] = {
            "b": self._builder.PrependInt8Slot,
            "B": self._builder.PrependUint8Slot,
            "?": self._builder.PrependBoolSlot,
            "i": self._builder.PrependInt32Slot,
            "I": self._builder.PrependUint32Slot,
            "f": self._builder.PrependFloat32Slot,
        }

    def finish(self, tables: Tables, name: str, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        codes = list(dict.fromkeys((entry.code, entry.version) for entry in tables.operators))
        operators = [
            self._operator(entry, codes.index((entry.code, entry.version))) for entry in tables.operators
        ]
        signature = self._table(
            {
                SignatureField.INPUTS: self._maps(tables, inputs),
                SignatureField.OUTPUTS: self._maps(tables, outputs),
                SignatureField.SIGNATURE_KEY: self._text(SIGNATURE),
            }
        )
        graph = self._table(
            {
                SubGraphField.TENSORS: self._tables([self._tensor(each) for each in tables.tensors]),
                SubGraphField.INPUTS: self._integers(inputs),
                SubGraphField.OUTPUTS: self._integers(outputs),
                SubGraphField.OPERATORS: self._tables(operators),
                SubGraphField.NAME: self._text(name),
            }
        )
        model = self._table(
            {
                ModelField.VERSION: ("I", SCHEMA_VERSION),
                ModelField.OPERATOR_CODES: self._tables([self._code(*code) for code in codes]),
                ModelField.SUBGRAPHS: self._tables([graph]),
                ModelField.DESCRIPTION: self._text("edgemeter"),
                ModelField.BUFFERS: self._buffers(len(tables.constants)),
                ModelField.SIGNATURE_DEFS: self._tables([signature]),
            }
        )
        self._builder.Finish(model.value, _IDENTIFIER)
        return bytes(self._builder.Output())

    def _operator(self, entry: OperatorEntry, code: int) -> _Offset:
        union = _UNIONS.get(entry.code)
        fields: dict[int, Any] = {
            OperatorField.OPCODE_INDEX: ("I", code),
            OperatorField.INPUTS: self._integers(entry.inputs),
            OperatorField.OUTPUTS: self._integers(entry.outputs),
        }
        if union is not None:
            known = {option.name: option for option in OPTIONS.get(union, ())}
            options = {known[name].index: (known[name].code, value) for name, value in entry.options.items()}
            fields[OperatorField.BUILTIN_OPTIONS_TYPE] = ("B", union)
            fields[OperatorField.BUILTIN_OPTIONS] = self._table(options)
        return self._table(fields)

    def _code(self, code: str, version: int) -> _Offset:
        number = OPERATORS.index(code)
        return self._table(
            {
                OperatorCodeField.DEPRECATED_BUILTIN_CODE: ("b", number),
                OperatorCodeField.VERSION: ("i", version),
                OperatorCodeField.BUILTIN_CODE: ("i", number),
            }
        )

    def _tensor(self, entry: TensorEntry) -> _Offset:
        fields: dict[int, Any] = {
            TensorField.SHAPE: self._integers(entry.shape),
            TensorField.TYPE: ("b", TYPES.index(entry.dtype)),
            TensorField.BUFFER: ("I", entry.buffer),
            TensorField.NAME: self._text(entry.name),
        }
        if entry.quantization is not None:
            fields[TensorField.QUANTIZATION] = self._quantization(entry.quantization)
        return self._table(fields)

    def _quantization(self, quantization: Quantization) -> _Offset:
        return self._table(
            {
                QuantizationField.SCALE: self._vector(quantization.scales),
                QuantizationField.ZERO_POINT: self._vector(quantization.zero_points),
                QuantizationField.QUANTIZED_DIMENSION: ("i", quantization.dimension),
            }
        )

    def _maps(self, tables: Tables, positions: Sequence[int]) -> _Offset:
        return self._tables(
            [
                self._table(
                    {
                        TensorMapField.NAME: self._text(tables.tensors[position].name),
                        TensorMapField.TENSOR_INDEX: ("I", position),
                    }
                )
                for position in positions
            ]
        )

    def _buffers(self, count: int) -> _Offset:
        nothing = self._vector(np.zeros(0, np.uint8))
        return self._tables(
            [self._table({}), *(self._table({BufferField.DATA: nothing}) for _ in range(count))]
        )

    def _table(self, fields: Mapping[int, Any]) -> _Offset:
        self._builder.StartObject(max(fields, default=-1) + 1)
        for index, value in fields.items():
            if isinstance(value, _Offset):
                self._builder.PrependUOffsetTRelativeSlot(index, value.value, 0)
            else:
                # A default that no value has: every number is written out, whatever the schema's default.
                self._slots[value[0]](index, value[1], None)
        return _Offset(self._builder.EndObject())

    def _tables(self, offsets: Sequence[_Offset]) -> _Offset:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset.value)
        return _Offset(self._builder.EndVector())

    def _text(self, text: str) -> _Offset:
        return _Offset(self._builder.CreateString(text))

    def _integers(self, values: Sequence[int]) -> _Offset:
        """Equal vectors, as many shapes are, are written once."""
        known = self._written.get(tuple(values))
        if known is None:
            known = self._written[tuple(values)] = self._vector(np.array(values, np.int32))
        return known

    def _vector(self, values: NDArray[Any]) -> _Offset:
        return _Offset(self._builder.CreateNumpyVector(values))
