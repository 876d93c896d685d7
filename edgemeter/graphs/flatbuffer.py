"""Reads flatbuffers of strangers: every offset, size and count is checked before it is followed.

Python's flatbuffers package has no verifier; it believes what the file says.
"""

from mmap import mmap
from struct import Struct
from typing import Final

from edgemeter.graphs.limits import Limits, MalformedFileError

Data = bytes | mmap

_SCALARS: Final = {code: Struct(f"<{code}") for code in "bBhHiIqQf?"}
_U16, _U32, _I32 = _SCALARS["H"], _SCALARS["I"], _SCALARS["i"]
_OUTSIDE: Final = "the file is cut off or broken: it points outside itself"


class FlatBuffer:
    """One file, and how much of it may still be read."""

    def __init__(self, data: Data, limits: Limits) -> None:
        self.data = data
        self.size = len(data)
        self.limits = limits
        self.left = limits.fields
        self.text_left = limits.skeleton_bytes

    def root(self) -> "Table":
        return Table(self, self.follow(0))

    def spend(self, count: int) -> None:
        """Counts elements read: tables may share vectors, so a small file could say endlessly much."""
        self.left -= count
        if self.left < 0:
            raise MalformedFileError(
                f"the file has more than {self.limits.fields:,} entries besides its weights"
            )

    def spend_text(self, length: int) -> None:
        """As `spend`, for the bytes of names."""
        self.text_left -= length
        if length > self.limits.text_bytes or self.text_left < 0:
            raise MalformedFileError(f"the file has names of more than {length:,} bytes")

    def scalar(self, struct: Struct, position: int) -> int:
        if not 0 <= position <= self.size - struct.size:
            raise MalformedFileError(_OUTSIDE)
        value: int = struct.unpack_from(self.data, position)[0]
        return value

    def follow(self, position: int) -> int:
        """Where the offset at `position` points. Offsets only point forwards, so there are no circles."""
        offset = self.scalar(_U32, position)
        if offset == 0:
            raise MalformedFileError("the file is broken: an offset points to itself")
        return position + offset

    def vector(self, position: int, width: int) -> tuple[int, int]:
        """Start and length of the vector at `position`, its elements `width` bytes wide."""
        length = self.scalar(_U32, position)
        if length * width > self.size - position - 4:
            raise MalformedFileError(_OUTSIDE)
        return position + 4, length


class Table:
    """One table. A field that is absent has its default; a field that does not fit is refused."""

    __slots__ = ("_buffer", "_fields", "_position", "_size", "_vtable")

    def __init__(self, buffer: FlatBuffer, position: int) -> None:
        buffer.spend(1)
        self._buffer = buffer
        self._position = position
        self._vtable = position - buffer.scalar(_I32, position)
        self._fields = buffer.scalar(_U16, self._vtable)
        self._size = buffer.scalar(_U16, self._vtable + 2)
        if self._fields < 4 or self._fields % 2 or self._vtable + self._fields > buffer.size:
            raise MalformedFileError("the file is broken: a table has no valid list of fields")
        if self._size < 4 or position + self._size > buffer.size:
            raise MalformedFileError(_OUTSIDE)

    def _at(self, index: int, width: int) -> int | None:
        slot = 4 + 2 * index
        if slot >= self._fields:
            return None
        offset = _U16.unpack_from(self._buffer.data, self._vtable + slot)[0]
        if offset == 0:
            return None
        if offset < 4 or offset + width > self._size:
            raise MalformedFileError("the file is broken: a field lies outside its table")
        return self._position + int(offset)

    def scalar(self, index: int, code: str, default: int = 0) -> int:
        """Field `index` as the struct code `code` has it (a float for "f")."""
        struct = _SCALARS[code]
        position = self._at(index, struct.size)
        return default if position is None else self._buffer.scalar(struct, position)

    def table(self, index: int) -> "Table | None":
        position = self._at(index, 4)
        return None if position is None else Table(self._buffer, self._buffer.follow(position))

    def tables(self, index: int) -> "list[Table]":
        start, length = self._vector(index, 4)
        return [
            Table(self._buffer, self._buffer.follow(position))
            for position in range(start, start + 4 * length, 4)
        ]

    def integers(self, index: int) -> tuple[int, ...]:
        """A vector of int32."""
        start, length = self._vector(index, 4)
        self._buffer.spend(length)
        return Struct(f"<{length}i").unpack_from(self._buffer.data, start) if length else ()

    def longs(self, index: int, width: int) -> list[tuple[int, ...]]:
        """A vector of structs that are `width` int64 each."""
        start, length = self._vector(index, 8 * width)
        self._buffer.spend(length * width)
        data = self._buffer.data[start : start + 8 * width * length]
        return list(Struct(f"<{width}q").iter_unpack(data))

    def text(self, index: int) -> str:
        start, length = self.bytes(index)
        self._buffer.spend_text(length)
        return self._buffer.data[start : start + length].decode(errors="replace")

    def bytes(self, index: int) -> tuple[int, int]:
        """Start and length of a vector of bytes, which is not read."""
        return self._vector(index, 1)

    def _vector(self, index: int, width: int) -> tuple[int, int]:
        position = self._at(index, 4)
        if position is None:
            return 0, 0
        return self._buffer.vector(self._buffer.follow(position), width)
