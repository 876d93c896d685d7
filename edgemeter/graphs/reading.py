"""Opens a file, tells its format by its content, and hands it to the reader of that format."""

import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from edgemeter.graphs.graph import Graph
from edgemeter.graphs.limits import DEFAULT_LIMITS, Limits, MalformedFileError
from edgemeter.graphs.onnx_reader import read_onnx
from edgemeter.graphs.tflite_reader import read_tflite

HEAD_BYTES: Final = 32
NO_SHAPES: Final[Mapping[str, Sequence[int]]] = MappingProxyType({})

#: What people hand in by mistake: how it begins, and what to say.
_NOT_NETWORKS: Final = (
    (
        b"PK\x03\x04",
        "the file is a ZIP archive (a zipped network, or a PyTorch .pt): unpack or export it first",
    ),
    (b"\x1f\x8b", "the file is gzip-compressed: unpack it first"),
    (b"\x89HDF", "the file is HDF5, as Keras saves it: convert it to ONNX or TFLite first"),
    (b"version https://git-lfs", "the file is a git-lfs pointer, not the network itself: run `git lfs pull`"),
    (b"<", "the file is a web page or XML, not a network: was the download refused?"),
    (b"{", "the file is JSON, not ONNX or TFLite"),
    (b"\x80\x02", "the file is a Python pickle: such files run code when loaded, and are never read here"),
)


def read_graph(
    file: Path, shapes: Mapping[str, Sequence[int]] = NO_SHAPES, limits: Limits = DEFAULT_LIMITS
) -> Graph:
    """The network in an ONNX or TFLite file, with the cost of every operator.

    file: told apart by content, whatever its name. Weights are skipped, external ones never opened.
    shapes: sizes of inputs whose dimensions the file leaves open, by input name: {"x": (1, 3, 224, 224)}.
    limits: how much is looked at before the file is refused.

    Shape inference of ONNX files runs in the `onnx` package's C++ code within this process: for files of
    strangers use `edgemeter.graphs.limited.read_graph_limited`, which does the same in a limited child.

    Raises MalformedFileError (broken, hostile, not a network, beyond `limits`), ShapeError (an input left
    open, or a shape that does not fit; names the input), MissingOnnxError (the onnx package is not
    installed), OSError (the file cannot be opened). Operators of unknown kinds are no error:
    see `Graph.uncounted`.
    """
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        if size == 0:
            raise MalformedFileError("the file is empty")
        if size > limits.file_bytes:
            raise MalformedFileError(
                f"the file has {size:,} bytes, more than the {limits.file_bytes:,} allowed"
            )
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(data, file.parent, shapes, limits)


def _read(data: mmap.mmap, folder: Path, shapes: Mapping[str, Sequence[int]], limits: Limits) -> Graph:
    if format_of(data[:HEAD_BYTES]) == "tflite":
        return read_tflite(data, shapes, limits)
    return read_onnx(data, folder, shapes, limits)


def format_of(head: bytes) -> Literal["onnx", "tflite"]:
    """By the first `HEAD_BYTES`. ONNX has no mark of its own: it is what nothing else is.

    Raises MalformedFileError for what people hand in by mistake.
    """
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[4:8] == b"ORTM":
        raise MalformedFileError("the file is in ORT format: hand in the ONNX file that it was made from")
    for beginning, message in _NOT_NETWORKS:
        if head.lstrip().startswith(beginning):
            raise MalformedFileError(message)
    return "onnx"
