"""Whether a file may be stored at all: a network of a known format that is whole in itself.

A file that names others as its weights is refused. The place where artifacts lie is one folder with
everybody's files in it, and an engine would read the named one.
"""

from typing import Final, Literal

from edgemeter.graphs.flatbuffer import FlatBuffer
from edgemeter.graphs.limits import DEFAULT_LIMITS, MalformedFileError
from edgemeter.graphs.onnx_library import parse_model
from edgemeter.graphs.onnx_skeleton import skeleton_of
from edgemeter.graphs.reading import HEAD_BYTES, format_of
from edgemeter.graphs.tflite_reader import TfliteReader
from edgemeter.graphs.tflite_schema import SubGraphField, TensorField
from edgemeter.graphs.wire import Data

Format = Literal["onnx", "tflite"]

_ELSEWHERE: Final = "the file keeps weights in other files (external data): save it as one file"


def checked_format(data: Data) -> Format:
    """Raises MalformedFileError. Of what the file computes nothing is looked at."""
    found = format_of(data[:HEAD_BYTES])
    if found == "onnx":
        _check_onnx(data)
    else:
        _check_tflite(data)
    return found


def _check_onnx(data: Data) -> None:
    skeleton = skeleton_of(data, DEFAULT_LIMITS)
    if skeleton.locations:
        raise MalformedFileError(_ELSEWHERE)
    if not parse_model(skeleton.model).graph.node:
        raise MalformedFileError("the file holds no network: it is empty, or neither ONNX nor TFLite")


def _check_tflite(data: Data) -> None:
    reader = TfliteReader(FlatBuffer(data, DEFAULT_LIMITS))
    if not reader.subgraphs:
        raise MalformedFileError("the file holds no network")
    for subgraph in reader.subgraphs:
        for tensor in subgraph.tables(SubGraphField.TENSORS):
            if tensor.scalar(TensorField.EXTERNAL_BUFFER, "I"):
                raise MalformedFileError(_ELSEWHERE)
