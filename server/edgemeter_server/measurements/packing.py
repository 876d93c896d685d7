"""Columns of integers in few bits, whatever their size: exponential Golomb codes.

A column is counted from its smallest value. To each difference 2**k is added, where k is about the usual
length of the column's differences; what remains to be told is how much longer the sum is than k, in
unary, and its bits below the leading one. That is nearly all that the noise of a latency contains:
compressors for texts make it half as large again.
"""

from collections.abc import Sequence

from edgemeter_server.measurements.codes import Column, coded, column_of

MAX_VALUES = 1 << 25
_MORE = 0x80

Columns = Sequence[Sequence[int]]


def pack(columns: Columns) -> bytes:
    return pack_many([columns])[0]


def pack_many(many: Sequence[Columns]) -> list[bytes]:
    """`pack` of each. Several at once take half the time."""
    packs = [[*map(column_of, columns)] for columns in many]
    return [_heads(pack) + codes for pack, codes in zip(packs, coded(packs), strict=True)]


def unpack(content: bytes) -> tuple[list[list[int]], bytes]:
    """The columns, and what follows them. Raises ValueError for what `pack` did not write."""
    try:
        (count,), at = _varints(content, 0, 1)
        heads, at = _varints(content, at, 3 * count)
        bits, place = bin(int.from_bytes(b"\x01" + content[at:], "big"))[3:], 0
        columns = []
        for size, smallest, usual in zip(heads[::3], heads[1::3], heads[2::3], strict=True):
            column, place = _column(bits, place, size, usual)
            low = signed(smallest)
            columns.append([value + low for value in column])
    except IndexError:
        raise ValueError("the content ends within a number") from None
    return columns, content[at + (place + 7) // 8 :]


def _heads(pack: Sequence[Column]) -> bytes:
    heads = [len(pack)]
    for column in pack:
        heads += [len(column.values), unsigned(column.smallest), column.usual]
    return b"".join(map(_varint, heads))


def _column(bits: str, place: int, size: int, usual: int) -> tuple[list[int], int]:
    if size > (MAX_VALUES if usual == 0 else len(bits)):
        raise ValueError("a column is longer than its content")
    if usual == 0:
        return [0] * size, place
    k, offset, values = usual - 1, 1 << usual - 1, []
    for _ in range(size):
        start = bits.index("0", place) + 1
        place = start + k + start - 1 - place
        values.append(int("1" + bits[start:place], 2) - offset)
    return values, place


def unsigned(value: int) -> int:
    """0, -1, 1, -2, ... as 0, 1, 2, 3, ..."""
    return value << 1 if value >= 0 else ~value << 1 | 1


def signed(value: int) -> int:
    return ~(value >> 1) if value & 1 else value >> 1


def _varint(value: int) -> bytes:
    """Seven bits a byte, lowest first."""
    if value < _MORE:
        return value.to_bytes()
    packed = bytearray()
    while value >= _MORE:
        packed.append(value & 0x7F | _MORE)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def _varints(content: bytes, at: int, count: int) -> tuple[list[int], int]:
    """So many integers from `at` on, and where they end."""
    values = []
    for _ in range(count):
        value = shift = 0
        while (byte := content[at]) >= _MORE:
            value |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
        values.append(value | byte << shift)
        at += 1
    return values, at
