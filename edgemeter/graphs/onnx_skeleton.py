"""Takes the weights out of an ONNX file on the wire, and bounds what is left.

The result is a small ONNX file that a library may parse: a network of many megabytes comes
down to some tens of kilobytes. Only the fields listed here survive; documentation, metadata,
training graphs and unknown fields do not.
"""

import re
from dataclasses import dataclass
from typing import Final

from edgemeter.graphs.limits import Limits, MalformedFileError
from edgemeter.graphs.wire import KEEP, LIST, SHORT, Data, Schema, WireFilter, texts

#: From onnx.proto: message -> field number -> what happens to it.
_SCHEMAS: Final[dict[str, Schema]] = {
    "model": {1: KEEP, 2: KEEP, 3: KEEP, 7: "graph", 8: "opset", 25: "function"},
    "graph": {1: "node", 2: KEEP, 5: "tensor", 11: "value", 12: "value", 15: "sparse"},
    "node": {1: KEEP, 2: KEEP, 3: KEEP, 4: KEEP, 5: "attribute", 7: KEEP, 8: KEEP},
    "attribute": {
        1: KEEP, 2: KEEP, 3: KEEP, 4: KEEP, 5: "tensor", 6: "graph", 7: LIST, 8: LIST, 9: LIST, 10: "tensor",
        11: "graph", 14: "type", 15: "type", 20: KEEP, 21: KEEP, 22: "sparse", 23: "sparse",
    },
    "tensor": {
        1: LIST, 2: KEEP, 4: SHORT, 5: SHORT, 7: SHORT, 8: KEEP, 9: SHORT, 10: SHORT, 11: SHORT,
        13: "external",
    },
    "sparse": {1: "tensor", 3: LIST},
    "external": {1: KEEP, 2: KEEP},
    "value": {1: KEEP, 2: "type"},
    "type": {1: "tensor type", 4: "element type", 5: "map type", 8: "tensor type", 9: "element type"},
    "tensor type": {1: KEEP, 2: "shape"},
    "element type": {1: "type"},
    "map type": {1: KEEP, 2: "type"},
    "shape": {1: "dimension"},
    "dimension": {1: KEEP, 2: KEEP},
    "opset": {1: KEEP, 2: KEEP},
    "function": {
        1: KEEP, 4: KEEP, 5: KEEP, 6: KEEP, 7: "node", 9: "opset", 10: KEEP, 11: "attribute", 13: KEEP,
    },
}  # fmt: skip

_SHORT_ATTRIBUTE: Final = 64
#: First bytes of the attribute fields that hold tensors or graphs (5, 6, 10, 11, 22, 23), also where a
#: tag is written longer than it need be.
_MAY_HOLD: Final = re.compile(rb"[\x2a\x32\x52\x5a\xaa\xb2\xba\xd2\xda]")
_UNWALKED_BYTES: Final = 65_536  #: at most 32,768 empty messages: a fifth of what `Limits.messages` allows

#: What a file says about the shapes of inner tensors. Believed only where nothing can infer them.
_STATED_SHAPES: Final[dict[str, Schema]] = {**_SCHEMAS, "model": {7: "graph"}, "graph": {13: "value"}}


@dataclass(frozen=True, slots=True)
class Skeleton:
    """An ONNX file without weights. `locations` are the external files that it names, unchecked."""

    model: bytes
    locations: frozenset[bytes]


def skeleton_of(data: Data, limits: Limits) -> Skeleton:
    """Strips the ONNX file in `data`.

    Every tensor keeps its name, type and dimensions; values stay only where they are as short
    as a shape or axes are. External data is never looked at: such tensors come out without values.

    Raises MalformedFileError where `data` is no protobuf message, or exceeds `limits`.
    """
    stripper = _Stripper(data, limits)
    model = _whole(stripper)
    stripper.refuse_bombs()
    return Skeleton(model, frozenset(stripper.locations))


def stated_shapes_of(data: Data, limits: Limits) -> bytes:
    """A model of nothing but the main graph's `value_info`."""
    return _whole(WireFilter(data, _STATED_SHAPES, limits))


def _whole(wire: WireFilter) -> bytes:
    try:
        stripped = wire.message("model", 0, len(wire.data), 0)
    except IndexError:
        raise MalformedFileError("the file is cut off: it ends in the middle of a field") from None
    return wire.copied(0, len(wire.data)) if stripped is None else stripped


class _Stripper(WireFilter):
    def __init__(self, data: Data, limits: Limits) -> None:
        super().__init__(data, _SCHEMAS, limits)
        self.handlers = {
            "node": self._node,
            "attribute": self._attribute,
            "graph": self._graph,
            "external": self._external,
        }
        self.unwalked_bytes = _UNWALKED_BYTES
        self.operators = self.graphs = 0
        self.locations: set[bytes] = set()

    def _node(self, kind: str, start: int, end: int, depth: int) -> bytes | None:
        self.operators += 1
        if self.operators > self.limits.operators:
            raise MalformedFileError(f"the file has more than {self.limits.operators:,} operators")
        return self.message(kind, start, end, depth)

    def _attribute(self, kind: str, start: int, end: int, depth: int) -> bytes | None:
        """Attributes are most of a file's fields. Short ones without tensors and graphs pass unread as
        long as they are few: in so many bytes there is no room for more than the limits allow."""
        size = end - start
        few = size <= _SHORT_ATTRIBUTE and size <= self.unwalked_bytes
        if not few or _MAY_HOLD.search(self.data, start, end):
            return self.message(kind, start, end, depth)
        self.enter(depth)
        self.unwalked_bytes -= size
        return None

    def _external(self, kind: str, start: int, end: int, depth: int) -> bytes:
        stripped = self.message(kind, start, end, depth)
        entry = texts(self.copied(start, end) if stripped is None else stripped)
        if entry.get(1) == b"location":
            self.locations.add(entry.get(2, b""))
        return b""

    def _graph(self, kind: str, start: int, end: int, depth: int) -> bytes | None:
        self.graphs += 1
        return self.message(kind, start, end, depth)

    def refuse_bombs(self) -> None:
        """Shape inference may repeat the longest list as the shape of every operator's output, and
        copies the names of all operators for every body."""
        if self.operators * (self.graphs - 1) > self.limits.scopes:
            raise MalformedFileError(
                f"the file has {self.operators:,} operators and {self.graphs:,} graphs in it"
            )
        if self.operators * self.longest_list > self.limits.shape_entries:
            raise MalformedFileError(
                f"the file has {self.operators:,} operators and a list of {self.longest_list:,} entries: "
                "its shapes could fill the memory"
            )
