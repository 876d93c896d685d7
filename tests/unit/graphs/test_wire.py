"""The protobuf filter: what it keeps, what it refuses, and that nothing else escapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.graphs.limits import Limits, MalformedFileError
from edgemeter.graphs.wire import KEEP, LIST, SHORT, WireFilter, length_prefix, texts, varint

SCHEMAS = {
    "outer": {1: "inner", 2: KEEP, 3: LIST, 4: SHORT},
    "inner": {1: KEEP, 2: "inner"},
}


def encoded(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field, value):
    return encoded(field << 3) + encoded(value)


def message(field, content):
    return length_prefix(field, len(content)) + content


def filtered(data, **limits):
    return WireFilter(data, SCHEMAS, Limits(**limits)).message("outer", 0, len(data), 0)


def test_what_is_known_stays_as_it_is():
    data = (
        message(1, message(2, message(1, b"name")))
        + message(2, b"text")
        + number(3, 300)
        + message(4, b"x" * 128)
    )

    assert filtered(data) is None  # nothing dropped: the caller keeps the bytes that it has


def test_what_is_unknown_goes_at_any_depth():
    inner = message(1, b"name") + number(9, 1) + message(1, b"more")
    data = message(7, b"?" * 1000) + message(1, inner) + message(2, b"text") + number(15, 2**63)

    assert filtered(data) == message(1, message(1, b"name") + message(1, b"more")) + message(2, b"text")


def test_long_values_go_and_short_ones_stay():
    assert filtered(message(4, b"x" * 129) + message(4, b"y" * 128)) == message(4, b"y" * 128)


@pytest.mark.parametrize("field", [1, 2, 7])
def test_a_tag_that_other_parsers_would_cut_to_32_bits_is_refused(field):
    """ONNX Runtime's would: it would see a field that the filter has jumped over."""
    tag = encoded(1 << 32 | field << 3 | 2)

    with pytest.raises(MalformedFileError, match="broken"):
        filtered(tag + b"\x04name")


def test_a_tag_written_longer_than_it_need_be_is_the_same_field():
    padded = bytes([2 << 3 | 2 | 0x80, 0])

    assert filtered(message(7, b"?") + padded + b"\x04text") == padded + b"\x04text"


def test_fields_of_any_width_are_jumped_over():
    fixed = encoded(9 << 3 | 1) + bytes(8) + encoded(9 << 3 | 5) + bytes(4) + number(2000, 5)

    assert filtered(fixed + message(2, b"kept")) == message(2, b"kept")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (message(2, b"text")[:-1], "cut off"),
        (encoded(2 << 3 | 2) + encoded(1 << 40), "cut off"),
        (message(1, encoded(1 << 3 | 2) + encoded(5) + b"ab") + bytes(9), "cut off"),
        (b"\x00\x00", "cut off"),  # field number 0
        (encoded(5 << 3 | 3), "neither"),  # a group
        (encoded(5 << 3 | 7), "neither"),
        (b"\xff" * 11, "neither"),
        (number(1, 5), "neither"),  # a number where a message belongs
    ],
)
def test_what_no_writer_writes_is_refused(data, words):
    with pytest.raises(MalformedFileError, match=words):
        filtered(data)


def test_depth_is_bounded():
    data = b""
    for _ in range(50):
        data = message(2, data)

    assert filtered(message(1, data), depth=60) is None
    with pytest.raises(MalformedFileError, match="deeper"):
        filtered(message(1, data), depth=40)


@pytest.mark.parametrize(
    ("data", "limits", "words"),
    [
        (number(3, 1) * 101, {"fields": 100}, "100 fields"),
        (message(9, b"") * 101, {"fields": 100}, "100 fields"),
        (message(1, number(9, 1)) * 51, {"fields": 100}, "100 fields"),
        (message(1, b"") * 101, {"messages": 100}, "100 parts"),
        (message(2, b"x" * 10) * 11 + number(9, 1), {"skeleton_bytes": 100}, "100 bytes"),
        (message(2, b"x" * 1000), {"text_bytes": 100}, "name"),
    ],
)
def test_counts_are_bounded(data, limits, words):
    with pytest.raises(MalformedFileError, match=words):
        filtered(data, **limits)


def test_the_longest_list_is_known():
    wire = WireFilter(message(3, b"\x01" * 70) + number(3, 1) * 5, SCHEMAS, Limits())
    wire.message("outer", 0, len(wire.data), 0)

    assert wire.longest_list == 75


@given(st.integers(0, 2**64 - 1))
def test_varints(value):
    assert varint(encoded(value) + b"rest", 0) == (value, len(encoded(value)))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_come_out_readable(data):
    try:
        result = filtered(data)
    except (MalformedFileError, IndexError):
        return
    kept = data if result is None else result
    again = WireFilter(kept, SCHEMAS, Limits()).message("outer", 0, len(kept), 0)
    assert again is None  # filtering what was filtered changes nothing


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20)), max_size=5))
def test_texts(fields):
    data = b"".join(message(field, content) for field, content in fields)

    assert texts(data) == dict(fields)
