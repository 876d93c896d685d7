"""Codes as a stream of Apache Arrow (IPC streaming format, version 5 of its metadata).

What comes from strangers: every offset and length is checked before it is followed, as in the files of
networks, and nothing is decompressed. A library would read more, such as dictionaries and compressed
buffers, none of which codes need.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import Final

import numpy as np

from edgemeter.graphs.flatbuffer import FlatBuffer, Table
from edgemeter.graphs.limits import Limits, MalformedFileError
from edgemeter.spaces.space import Codes, Space
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.codes_reading import CodesReader

LARGEST_BATCH_BYTES: Final = 16 << 20
_LARGEST_HEAD_BYTES: Final = 1 << 20
_PREFIX_BYTES: Final = 8
_CONTINUATION: Final = 0xFFFFFFFF
_SCHEMA, _BATCH = 1, 3  #: of Message's header
_INT, _FIXED_SIZE_LIST = 2, 16  #: of Field's type
_LIMITS: Final = Limits(fields=20_000)


@dataclass(frozen=True, slots=True)
class _Head:
    """Of a message: `table` is its Schema or RecordBatch, whose body has `body_bytes`."""

    kind: int
    table: Table | None
    body_bytes: int


class ArrowReader(CodesReader):
    """Either one column of fixed size lists of uint8, or one column of uint8 for each of the space's."""

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._list: bool | None = None  #: None before the schema
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[Codes]:
        self._buffer += piece
        try:
            while (message := self._message()) is not None:
                yield from self._codes(*message)
        except MalformedFileError as error:
            raise _refused(str(error), ProblemType.MALFORMED) from None

    def end(self) -> None:
        if self._buffer or self._head is not None:
            raise _refused("it is cut off", ProblemType.MALFORMED)
        if not self.rows:
            raise _refused("it has no rows")

    def _message(self) -> tuple[_Head, bytes] | None:
        """The next whole message with its body."""
        if self._head is None and (data := self._taken_head()) is not None:
            self._head = _head_of(data)
        head = self._head
        if head is None or len(self._buffer) < head.body_bytes:
            return None
        self._head = None
        return head, self._take(head.body_bytes)

    def _taken_head(self) -> bytes | None:
        if self._ended and self._buffer:
            raise _refused("it goes on after its end", ProblemType.MALFORMED)
        if len(self._buffer) < _PREFIX_BYTES:
            return None
        mark, size = unpack_from("<Ii", self._buffer)
        if mark != _CONTINUATION or not 0 <= size <= _LARGEST_HEAD_BYTES:
            raise _refused("it is none, or one of before version 0.15", ProblemType.MALFORMED)
        if size == 0:
            self._ended = True
            self._take(_PREFIX_BYTES)
            return self._taken_head()
        if len(self._buffer) < _PREFIX_BYTES + size:
            return None
        return self._take(_PREFIX_BYTES + size)[_PREFIX_BYTES:]

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _codes(self, head: _Head, body: bytes) -> Iterator[Codes]:
        if head.kind == _SCHEMA and self._list is None and head.table is not None:
            self._list = self._is_list(head.table)
        elif head.kind == _BATCH and self._list is not None and head.table is not None:
            codes = self._of_batch(head.table, body)
            self.rows += len(codes)
            if len(codes):
                yield codes
        else:
            raise _refused("it has other messages than one schema and batches of rows after it")

    def _is_list(self, schema: Table) -> bool:
        fields = schema.tables(1)
        if schema.scalar(0, "h") != 0:
            raise _refused("it is big-endian")
        if len(fields) == 1 and fields[0].scalar(2, "B") == _FIXED_SIZE_LIST:
            listed, children = fields[0].table(3), fields[0].tables(5)
            size = 0 if listed is None else listed.scalar(0, "i")
            if size == self.width and len(children) == 1 and _is_uint8(children[0]):
                return True
        elif len(fields) == self.width and all(map(_is_uint8, fields)):
            return False
        raise _refused(
            f"architectures of {self.space.name} are {self.width} columns of uint8, or one column of"
            f" fixed_size_list<uint8>[{self.width}]"
        )

    def _of_batch(self, batch: Table, body: bytes) -> Codes:
        if batch.table(3) is not None:
            raise _refused("its buffers are compressed; send them as they are")
        rows = batch.scalar(0, "q")
        lengths = batch.longs(1, 2)
        buffers = batch.longs(2, 2)
        if any(nulls for _, nulls in lengths):
            raise _refused("it has nulls, which are no codes")
        data = buffers[2:3] if self._list else buffers[1::2]
        size = rows * self.width if self._list else rows
        if rows < 0 or len(data) != (1 if self._list else self.width):
            raise _refused("a batch is not as its schema says", ProblemType.MALFORMED)
        if any(not 0 <= start <= len(body) - size or length < size for start, length in data):
            raise _refused("a batch points outside itself", ProblemType.MALFORMED)
        columns = [np.frombuffer(body, np.uint8, size, start) for start, _ in data]
        return columns[0].reshape(rows, self.width) if self._list else np.stack(columns).T


def _head_of(data: bytes) -> _Head:
    message = FlatBuffer(data, _LIMITS).root()
    size = message.scalar(3, "q")
    if not 0 <= size <= LARGEST_BATCH_BYTES:
        megabytes = LARGEST_BATCH_BYTES >> 20
        raise _refused(f"a batch has more than {megabytes} MiB; send smaller ones", ProblemType.TOO_LARGE)
    return _Head(message.scalar(1, "B"), message.table(2), size)


def _is_uint8(field: Table) -> bool:
    integer = field.table(3)
    return (
        field.scalar(2, "B") == _INT
        and integer is not None
        and (integer.scalar(0, "i"), integer.scalar(1, "?")) == (8, 0)
        and field.table(4) is None
    )


def _refused(words: str, kind: ProblemType = ProblemType.INVALID) -> Refusal:
    return Refusal(kind, f"the Arrow stream: {words}")
