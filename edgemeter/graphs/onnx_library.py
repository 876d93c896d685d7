"""The `onnx` package, used for parsing and shape inference of files without weights only."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.graphs.limits import MalformedFileError

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto


class MissingOnnxError(FailureError):
    """The `onnx` package is not installed; the message holds the line that installs it."""

    def __init__(self) -> None:
        message = "reading ONNX files needs the onnx package; try: pip install 'edgemeter[onnx]'"
        super().__init__(Failure(FailureKind.RUNTIME_ERROR, message))


def require_onnx() -> None:
    """Raises MissingOnnxError where `onnx` is not installed."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise MissingOnnxError from None


def parse_model(serialized: bytes) -> "ModelProto":
    """Parses a file without weights. Raises MalformedFileError."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import ModelProto

    try:
        model: ModelProto = ModelProto.FromString(serialized)
    except DecodeError:
        raise MalformedFileError("the file is broken, or neither ONNX nor TFLite") from None
    return model


def infer_shapes(model: "ModelProto") -> "ModelProto":
    """The model with the types of all inner tensors that can be told. Raises MalformedFileError."""
    from onnx import shape_inference

    try:
        return shape_inference.infer_shapes(model, data_prop=True)
    except (RuntimeError, ValueError, shape_inference.InferenceError) as error:
        raise _refusal("onnx cannot infer the shapes of this file", error) from None


def inline_calls(model: "ModelProto") -> "ModelProto":
    """The model with its local functions written out. Raises MalformedFileError."""
    from onnx import checker, inliner

    try:
        return inliner.inline_local_functions(model)
    except (RuntimeError, ValueError, checker.ValidationError) as error:
        raise _refusal("onnx cannot write out the functions of this file", error) from None


def refuse_unreadable(names: Iterable[str]) -> None:
    """Raises MalformedFileError for names that are not UTF-8: protobuf hands them out as bytes."""
    try:
        "".join(names)
    except TypeError:
        raise MalformedFileError("the file has a name that is no text") from None


def bodies_of(attribute: "AttributeProto") -> "Sequence[GraphProto]":
    """The graphs that an attribute holds."""
    return [attribute.g] if attribute.HasField("g") else attribute.graphs


def _refusal(what: str, error: Exception) -> MalformedFileError:
    first_line = next(iter(str(error).splitlines()), "")
    return MalformedFileError(f"{what}: {first_line!r:.200}")
