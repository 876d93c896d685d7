"""How much of a file is looked at before it is refused, and the errors that say so."""

from dataclasses import dataclass
from typing import Final

from edgemeter.failures import Failure, FailureError, FailureKind

MIB = 1 << 20


class MalformedFileError(FailureError):
    """The file is broken, hostile, or not a network that can be read. The message is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(Failure(FailureKind.MALFORMED, message))


class ShapeError(FailureError):
    """A dynamic input has no shape, or the shape given does not fit. Names the input and the flag to give."""

    def __init__(self, message: str) -> None:
        super().__init__(Failure(FailureKind.MALFORMED, message))


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that are checked on the bytes, before any library sees them.

    The defaults let through networks of ten thousand operators and keep any file within
    about a second of CPU and 256 MB of memory (docs/graphs.md has the figures).
    """

    file_bytes: int = 4096 * MIB  #: weights are skipped unread, so this bounds the mapping only
    operators: int = 15_000  #: in all subgraphs and functions together, after inlining
    fields: int = 500_000  #: wire fields of an ONNX file; tables and vector entries of a TFLite file
    messages: int = 150_000  #: messages inside messages of an ONNX file: the dearest of its fields
    skeleton_bytes: int = 8 * MIB  #: what is left of an ONNX file without its weights
    text_bytes: int = 65_536  #: of one name
    depth: int = 40  #: of nested messages: about a dozen nested If, Loop or Scan
    rank: int = 32
    dimension: int = 1 << 40
    scopes: int = (
        5_000_000  #: operators x bodies of If, Loop and Scan: inference goes through all names in each
    )
    shape_entries: int = 2_000_000  #: operators x longest list of integers: what shape inference may write


DEFAULT_LIMITS: Final = Limits()


def checked_shape(dimensions: tuple[int, ...], limits: Limits, tensor: str) -> tuple[int, ...]:
    """`dimensions` of a tensor that the file states, refused when negative or absurd."""
    if len(dimensions) > limits.rank:
        raise MalformedFileError(f"tensor {tensor!r:.80} has {len(dimensions)} dimensions")
    if dimensions and not 0 <= min(dimensions) <= max(dimensions) <= limits.dimension:
        wrong = next(dimension for dimension in dimensions if not 0 <= dimension <= limits.dimension)
        raise MalformedFileError(f"tensor {tensor!r:.80} has a dimension of {wrong}")
    return dimensions
