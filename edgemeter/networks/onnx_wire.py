"""Serialises an ONNX model whose weights are made as they are written.

The onnx package writes everything but the weights; protobuf would hold and copy those several times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgemeter.networks.stream import Payload, joined

#: Field numbers of onnx.proto, each with the wire type of a run of bytes.
_MODEL_GRAPH: Final = bytes([7 << 3 | 2])
_GRAPH_INITIALIZER: Final = bytes([5 << 3 | 2])
_TENSOR_RAW_DATA: Final = bytes([9 << 3 | 2])


@dataclass(frozen=True, slots=True)
class Initializer:
    """A constant of the graph; its bytes are little-endian and in C order."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    payload: Payload


def serialised(model: Any, initializers: Sequence[Initializer]) -> bytes:
    """`model`, an onnx.ModelProto, with the initializers at the end of its graph."""
    graph = model.graph.SerializeToString(deterministic=True)
    model.ClearField("graph")
    parts: list[bytes | Payload] = [graph]
    for initializer in initializers:
        parts.extend(_tensor(initializer))
    size = sum(part.size if isinstance(part, Payload) else len(part) for part in parts)
    return joined([model.SerializeToString(deterministic=True), _MODEL_GRAPH + _varint(size), *parts])


def _tensor(initializer: Initializer) -> Iterator[bytes | Payload]:
    from onnx import TensorProto, helper

    header = TensorProto(
        name=initializer.name,
        dims=initializer.shape,
        data_type=helper.np_dtype_to_tensor_dtype(initializer.dtype),
    ).SerializeToString(deterministic=True)
    header += _TENSOR_RAW_DATA + _varint(initializer.payload.size)
    yield _GRAPH_INITIALIZER + _varint(len(header) + initializer.payload.size) + header
    yield initializer.payload


def _varint(value: int) -> bytes:
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
