"""The flatbuffer reader: right on what the official builder writes, and closed against everything else."""

import struct

import flatbuffers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.graphs.flatbuffer import FlatBuffer
from edgemeter.graphs.limits import Limits, MalformedFileError


def built(numbers, text, values):
    """A table: 0 an int32 per number, then a text, a vector, and a vector of two small tables."""
    builder = flatbuffers.Builder(0)
    string = builder.CreateString(text)
    vector = builder.CreateNumpyVector(__import__("numpy").array(values, "i4"))
    tables = []
    for value in (7, 8):
        builder.StartObject(1)
        builder.PrependInt8Slot(0, value, 0)
        tables.append(builder.EndObject())
    builder.StartVector(4, 2, 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    children = builder.EndVector()
    builder.StartObject(len(numbers) + 3)
    for slot, number in enumerate(numbers):
        builder.PrependInt32Slot(slot, number, 0)
    for offset, slot in ((string, len(numbers)), (vector, len(numbers) + 1), (children, len(numbers) + 2)):
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


def root(data, **limits):
    return FlatBuffer(data, Limits(**limits)).root()


INT32 = st.integers(-(2**31), 2**31 - 1)


@given(st.lists(INT32, max_size=5), st.text(max_size=30), st.lists(INT32, max_size=20))
def test_reads_what_the_official_builder_writes(numbers, text, values):
    table = root(built(numbers, text, values))
    after = len(numbers)

    assert [table.scalar(slot, "i") for slot in range(after)] == numbers
    assert table.text(after) == text
    assert table.integers(after + 1) == tuple(values)
    assert [child.scalar(0, "b") for child in table.tables(after + 2)] == [7, 8]


def test_absent_fields_have_their_defaults():
    table = root(built([], "", []))

    assert table.scalar(50, "i", -1) == -1
    assert table.integers(50) == ()
    assert table.tables(50) == []
    assert table.text(50) == ""
    assert table.table(50) is None


def laid_out(*, vtable=8, fields=(4, 8), root_at=12, body=b""):
    """root offset, padding, vtable at `vtable`, table at `root_at`."""
    data = bytearray(64)
    struct.pack_into("<I", data, 0, root_at)
    struct.pack_into(f"<{len(fields)}H", data, vtable, *fields)
    struct.pack_into("<i", data, root_at, root_at - vtable)
    data[root_at + 4 : root_at + 4 + len(body)] = body
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        struct.pack("<I", 2**32 - 1),
        struct.pack("<I", 0) + bytes(20),  # an offset to itself
        struct.pack("<Ii", 4, 2**31 - 1),  # a vtable before the file
        struct.pack("<Ii", 4, -(2**31)),  # and one behind it
        laid_out(fields=(2, 8)),  # a vtable smaller than its own head
        laid_out(fields=(5, 8)),
        laid_out(fields=(60000, 8)),
        laid_out(fields=(4, 60000)),  # a table that runs past the end
        laid_out(fields=(4, 2)),
    ],
)
def test_broken_tables_are_refused(data):
    with pytest.raises(MalformedFileError):
        root(data)


@pytest.mark.parametrize("offset", [1, 2, 3, 6, 100, 65535])
def test_a_field_outside_its_table_is_refused(offset):
    with pytest.raises(MalformedFileError, match="field"):
        root(laid_out(fields=(6, 8, offset), root_at=16)).scalar(0, "i")


@pytest.mark.parametrize(
    "body", [struct.pack("<I", 2**32 - 1), struct.pack("<I", 0), struct.pack("<I", 1000)]
)
def test_a_vector_outside_the_file_is_refused(body):
    table = root(laid_out(fields=(6, 8, 4), root_at=16, body=body))

    for read in (table.integers, table.tables, table.text, table.bytes, table.table):
        with pytest.raises(MalformedFileError):
            read(0)


def test_a_vector_longer_than_the_file_is_refused():
    body = struct.pack("<II", 4, 2**31)

    with pytest.raises(MalformedFileError, match="outside"):
        root(laid_out(fields=(6, 8, 4), root_at=16, body=body)).integers(0)


def test_a_vector_of_tables_that_are_all_the_same_one_is_counted():
    """100,000 offsets to one table are 400 kB; followed again and again they would be endless."""
    count = 100_000
    head = bytearray(laid_out(fields=(6, 8, 4), root_at=16, body=struct.pack("<I", 44)))
    offsets = b"".join(struct.pack("<I", 4 * (count - i)) for i in range(count))
    target = struct.pack("<i", 4 + len(offsets) + 64 - 8)  # back to the vtable at 8
    data = bytes(head) + struct.pack("<I", count) + offsets + target + bytes(16)

    with pytest.raises(MalformedFileError, match="entries"):
        root(data, fields=1000).tables(0)


def test_long_names_are_counted():
    data = built([], "x" * 5000, [])

    assert len(root(data).text(0)) == 5000
    with pytest.raises(MalformedFileError, match="names"):
        root(data, text_bytes=4000).text(0)
    table = root(data, skeleton_bytes=8000)
    table.text(0)
    with pytest.raises(MalformedFileError, match="names"):
        table.text(0)


@given(st.binary(max_size=200), st.integers(0, 12))
def test_arbitrary_bytes_are_refused_or_read(data, slot):
    try:
        table = root(data)
        table.scalar(slot, "q")
        table.integers(slot)
        table.text(slot)
        table.tables(slot)
    except MalformedFileError:
        pass
