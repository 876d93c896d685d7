"""Filters protobuf messages on the wire, without building objects. Every step is counted.

Works on positions in a mapped file, so that what is dropped is jumped over, never
read. Fields that stay and lie side by side are copied as one run.
"""

from collections.abc import Callable
from mmap import mmap
from typing import Final

from edgemeter.graphs.limits import Limits, MalformedFileError

Data = bytes | mmap
Schema = dict[int, str]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

#: What happens to a field; any other word names the message that the field holds.
KEEP: Final = "keep"
LIST: Final = "list"  #: keep, and count: entries of a repeated number
SHORT: Final = "short"  #: keep up to `SHORT_BYTES` (16 numbers of an axis or shape), drop longer values

SHORT_BYTES: Final = 128

_CUT: Final = "the file is cut off or broken: a field runs past the end of its message"
_ALIEN: Final = "the file is broken, or neither ONNX nor TFLite"
_LAST_TAG: Final = (1 << 32) - 1  #: some parsers cut longer ones off, and would see another field than we


def varint(data: Data, position: int) -> tuple[int, int]:
    """The unsigned number at `position` and the position after it. Raises IndexError at the end."""
    first = data[position]
    if first < 0x80:
        return first, position + 1
    second = data[position + 1]
    if second < 0x80:  # nearly all are this short
        return first & 0x7F | second << 7, position + 2
    result = first & 0x7F
    for shift in range(7, 70, 7):
        position += 1
        byte = data[position]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & 0xFFFF_FFFF_FFFF_FFFF, position + 1
    raise MalformedFileError(_ALIEN)


def texts(message: bytes) -> dict[int, bytes]:
    """The fields of a small message that has passed a `WireFilter`: number -> bytes."""
    found, position = {}, 0
    while position < len(message):
        tag, position = varint(message, position)
        position, stop = _extent(message, position, tag)
        found[tag >> 3] = message[position:stop]
        position = stop
    return found


def length_prefix(number: int, size: int) -> bytes:
    """Tag and length of a message of `size` bytes in field `number`."""
    prefix = bytearray()
    for value in (number << 3 | BYTES, size):
        while value >= 0x80:
            prefix.append(value & 0x7F | 0x80)
            value >>= 7
        prefix.append(value)
    return bytes(prefix)


class WireFilter:
    """Copies the fields that `schemas` lists, message by message.

    `schemas` maps a message's name to its fields: number -> action. A message named in
    `handlers` goes to its handler, which gets and returns what `message` does.
    """

    def __init__(self, data: Data, schemas: dict[str, Schema], limits: Limits) -> None:
        self.data = data
        self.schemas = schemas
        self.handlers: dict[str, Callable[[str, int, int, int], bytes | None]] = {}
        self.limits = limits
        self.fields_left = limits.fields
        self.messages_left = limits.messages
        self.bytes_left = limits.skeleton_bytes
        self.longest_list = 0

    def message(self, kind: str, start: int, end: int, depth: int) -> bytes | None:
        """What is left of the message in `data[start:end]`; None when it stays as it is.

        Raises MalformedFileError where a limit is passed, or at anything that no protobuf writer
        writes; IndexError where `data` ends within a field.
        """
        self.enter(depth)
        data, schema, handlers = self.data, self.schemas[kind], self.handlers
        text_bytes, left, entries = self.limits.text_bytes, self.fields_left, 0
        parts: list[bytes] = []
        run = position = start
        # The hot loop, one turn per field of the file: nothing is called that need not be.
        while position < end:
            left -= 1
            if left < 0:
                raise MalformedFileError(
                    f"the file has more than {self.limits.fields:,} fields besides its weights"
                )
            begin = position
            tag, position = data[position], position + 1
            if tag >= 0x80:
                tag, position = varint(data, begin)
                if tag > _LAST_TAG:
                    raise MalformedFileError(_ALIEN)
            if tag & 7 == BYTES and (size := data[position]) < 0x80:
                position += 1
                stop = position + size
            elif tag & 7 == VARINT and data[position] < 0x80:
                stop = position + 1
            else:
                position, stop = _extent(data, position, tag)
            if stop > end or tag < 8:
                raise MalformedFileError(_CUT)
            action = schema.get(tag >> 3)
            if action is KEEP:
                if stop - begin > text_bytes:
                    raise MalformedFileError(f"the file has a name of {stop - begin:,} bytes")
            elif action is LIST:
                entries += stop - position
            elif action is None or (action is SHORT and stop - position > SHORT_BYTES):
                parts.append(self.copied(run, begin))
                run = stop
            elif action is not SHORT:
                if tag & 7 != BYTES:
                    raise MalformedFileError(_ALIEN)
                self.fields_left = left
                body = handlers.get(action, self.message)(action, position, stop, depth + 1)
                left = self.fields_left
                if body is not None:
                    parts += (self.copied(run, begin), length_prefix(tag >> 3, len(body)), body)
                    run = stop
            position = stop
        self.fields_left, self.longest_list = left, max(self.longest_list, entries)
        return b"".join((*parts, self.copied(run, end))) if parts else None

    def enter(self, depth: int) -> None:
        """Counts one message at a depth."""
        self.messages_left -= 1
        if self.messages_left < 0:
            raise MalformedFileError(f"the file has more than {self.limits.messages:,} parts")
        if depth > self.limits.depth:
            raise MalformedFileError(f"the file nests its parts deeper than {self.limits.depth} levels")

    def copied(self, start: int, end: int) -> bytes:
        """The bytes `data[start:end]`, counted as kept."""
        self.bytes_left -= end - start
        if self.bytes_left < 0:
            limit = self.limits.skeleton_bytes
            raise MalformedFileError(f"the file has more than {limit:,} bytes besides its weights")
        return self.data[start:end]


def _extent(data: Data, position: int, tag: int) -> tuple[int, int]:
    """Where a field's value begins and ends, for all but short texts."""
    wire_type = tag & 7
    if wire_type == VARINT:
        return position, varint(data, position)[1]
    if wire_type == BYTES:
        size, position = varint(data, position)
        return position, position + size
    if wire_type == FIXED32:
        return position, position + 4
    if wire_type == FIXED64:
        return position, position + 8
    raise MalformedFileError(_ALIEN)
