"""Inputs whose sizes a file leaves open: what it says of them, and sizes to read it with nevertheless."""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgemeter.graphs.flatbuffer import FlatBuffer
from edgemeter.graphs.limits import DEFAULT_LIMITS
from edgemeter.graphs.onnx_library import parse_model
from edgemeter.graphs.onnx_shapes import network_inputs
from edgemeter.graphs.onnx_skeleton import skeleton_of
from edgemeter.graphs.reading import HEAD_BYTES, format_of
from edgemeter.graphs.tflite_reader import TfliteReader
from edgemeter.graphs.wire import Data

if TYPE_CHECKING:
    from onnx import TypeProto


@dataclass(frozen=True, slots=True)
class Input:
    """`stated` has a name, or "?", where a size is open; ("?",) where even the number of sizes is."""

    name: str
    stated: tuple[int | str, ...]
    made_up: tuple[int, ...]


def inputs_of(file: Path) -> tuple[Input, ...]:
    """Of a file that `read_graph` reads when it is told the sizes. Raises MalformedFileError."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _of_onnx(data) if format_of(data[:HEAD_BYTES]) == "onnx" else _of_tflite(data)


def _of_onnx(data: Data) -> tuple[Input, ...]:
    graph = parse_model(skeleton_of(data, DEFAULT_LIMITS).model).graph
    return tuple(
        _input(value.name, _onnx_sizes(value.type))
        for value in network_inputs(graph)
        if value.type.HasField("tensor_type")
    )


def _onnx_sizes(type_: "TypeProto") -> tuple[int | str, ...]:
    tensor = type_.tensor_type
    if not tensor.HasField("shape"):
        return ("?",)
    return tuple(size.dim_value if size.dim_value > 0 else size.dim_param or "?" for size in tensor.shape.dim)


def _input(name: str, stated: tuple[int | str, ...]) -> Input:
    return Input(name, stated, tuple(size if isinstance(size, int) else 1 for size in stated))


def _of_tflite(data: Data) -> tuple[Input, ...]:
    """TFLite stores a size beside each that is open, and only that one is sure to be right."""
    reader = TfliteReader(FlatBuffer(data, DEFAULT_LIMITS))
    network = reader.body(0)
    inputs = []
    for name in network.inputs:
        stored = network.tensors[name].shape or ()
        signature = reader.signatures[0][name]
        marked = signature if len(signature) == len(stored) else stored
        stated = tuple(size if mark >= 0 else "?" for size, mark in zip(stored, marked, strict=True))
        inputs.append(Input(name, stated, stored))
    return tuple(inputs)
