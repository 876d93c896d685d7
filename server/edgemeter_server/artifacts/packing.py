"""A network as it is stored: all that its kernels depend on, some kilobytes of a file of megabytes.

Deflated JSON. What operators do, and the shapes of their weights, stand there once for all that are equal;
operators name these and their activations by number. It comes from a child that looked into a stranger's
file: checked before it is stored, and bounded whenever it is read.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from edgemeter.failures import FailureError, FailureKind
from edgemeter.graphs.graph import Attribute, Graph, Shape
from edgemeter.kernels.wiring import Activation, Constant, Format, Node, Wiring, Work

MOST_PACKED_BYTES: Final = 1 << 20
#: A network of the most operators that are read, 15,000, takes half of it.
_MOST_BYTES: Final = 4 << 20
_LEVEL: Final = 6

_Place = Annotated[int, Field(ge=0)]
_Places = tuple[_Place, ...]


# Rows are plain tuples: each is read in two thirds of the time that a named one takes.
class _Document(NamedTuple):
    """`works` are (type, domain, attributes, constants, multiplies), `operators` (work, name, maps, results),
    as `Work` and `Node` have them.
    """

    format: Format
    activations: tuple[tuple[str, Shape | None, str], ...]
    constants: tuple[tuple[Shape | None, bool], ...]
    works: tuple[tuple[str, str, Mapping[str, Attribute], _Places, bool], ...]
    operators: tuple[tuple[_Place, str, _Places, _Places], ...]
    outputs: _Places


_DOCUMENTS: Final = TypeAdapter(_Document)


def packed(graph: Graph) -> bytes | None:
    """None for a network that is too large to be kept so."""
    text = json.dumps(_document(Wiring.of(graph)), separators=(",", ":")).encode()
    content = zlib.compress(text, _LEVEL)
    return content if len(text) <= _MOST_BYTES and len(content) <= MOST_PACKED_BYTES else None


def check_packed(content: bytes) -> None:
    """Raises FailureError (runtime_error) for what `packed` did not make."""
    try:
        # Strict, so that 1.0 is no integer.
        _wiring(_DOCUMENTS.validate_json(_text(content), strict=True))
    except (ValidationError, IndexError):
        raise _garbled() from None


def unpacked(content: bytes) -> Wiring:
    """Of what was checked: that takes as long again as all else. Raises FailureError (runtime_error) for
    what was damaged since.
    """
    try:
        return _wiring(_Document(*from_json(_text(content))))
    except (ValueError, TypeError, LookupError, AttributeError):
        raise _garbled() from None


def _text(content: bytes) -> bytes:
    opened = zlib.decompressobj()
    try:
        text = opened.decompress(content, _MOST_BYTES)
    except zlib.error:
        raise _garbled() from None
    if not opened.eof:
        raise _garbled()
    return text


class _Rows:
    """Of a table that has each once."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, row: Any) -> int:
        place = self._places.setdefault(json.dumps(row), len(self.all))
        if place == len(self.all):
            self.all.append(row)
        return place


def _document(wiring: Wiring) -> _Document:
    constants, works = _Rows(), _Rows()
    places = {name: place for place, name in enumerate(wiring.activations)}
    operators = [
        (
            works.place(_work(node.work, constants)),
            node.name,
            tuple(places[each.name] for each in node.maps),
            tuple(places[each.name] for each in node.results),
        )
        for node in wiring.nodes
    ]
    return _Document(
        wiring.format,
        tuple(wiring.activations.values()),
        tuple(constants.all),
        tuple(works.all),
        tuple(operators),
        tuple(places[name] for name in wiring.outputs),
    )


def _work(work: Work, constants: _Rows) -> tuple[Any, ...]:
    operation = work.operation
    places = [constants.place(each) for each in work.constants]
    return operation.type, work.domain, operation.attributes, places, work.multiplies


def _wiring(document: _Document) -> Wiring:
    activations = [Activation(name, _shape(shape), dtype) for name, shape, dtype in document.activations]
    constants = [Constant(_shape(shape), changeable) for shape, changeable in document.constants]
    works = [
        Work.of(
            type_, domain, _attributes(attributes), tuple([constants[place] for place in places]), multiplies
        )
        for type_, domain, attributes, places, multiplies in document.works
    ]
    nodes = [
        Node(
            works[work],
            name,
            tuple([activations[place] for place in maps]),
            tuple([activations[place] for place in results]),
        )
        for work, name, maps, results in document.operators
    ]
    return Wiring(
        document.format,
        {each.name: each for each in activations},
        tuple(nodes),
        tuple([activations[place].name for place in document.outputs]),
    )


def _shape(shape: Sequence[int] | None) -> Shape | None:
    return None if shape is None else tuple(shape)


def _attributes(attributes: Mapping[str, Any]) -> Mapping[str, Attribute]:
    return {name: tuple(each) if isinstance(each, list) else each for name, each in attributes.items()}


def _garbled() -> FailureError:
    return FailureError.of(FailureKind.RUNTIME_ERROR, "the stored graph of the network is damaged")
