import pytest
from greenlet import greenlet
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_server.measurements import codes
from edgemeter_server.measurements.packing import MAX_VALUES, pack, pack_many, unpack

COLUMNS = st.lists(st.lists(st.integers() | st.integers(-(2**300), 2**300), max_size=30), max_size=8)


@given(COLUMNS, st.binary(max_size=20))
def test_columns_come_back_and_what_follows_them_is_found(columns: list[list[int]], rest: bytes) -> None:
    assert unpack(pack(columns) + rest) == (columns, rest)


@given(st.lists(COLUMNS | st.lists(st.lists(st.integers(-(2**61), 2**61), max_size=30)), max_size=4))
def test_many_packed_at_once_are_as_each_alone(many: list[list[list[int]]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_FEW", 1)
        patch.setattr(codes, "_AT_ONCE", 7)
        together = pack_many(many)
        patch.setattr(codes, "_FEW", 1 << 60)
        assert together == [pack(columns) for columns in many]


@given(st.binary(max_size=200))
def test_foreign_bytes_are_an_error_or_columns(content: bytes) -> None:
    try:
        columns, _ = unpack(content)
    except ValueError:
        return
    assert all(isinstance(value, int) for column in columns for value in column[:10])


def test_a_column_of_equal_values_takes_no_bits() -> None:
    assert len(pack([[7] * 1_000_000])) == 6


def test_the_claimed_size_of_a_column_is_bounded() -> None:
    with pytest.raises(ValueError, match="longer"):
        unpack(b"\x01" + b"\xff\xff\xff\xff\x7f" + b"\x00\x00")
    assert MAX_VALUES < 0x7_FFFF_FFFF


@pytest.mark.parametrize("content", [b"", b"\x01", b"\x01\x80", b"\x01\x05\x00\x03"])
def test_truncated_content_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"number|longer|substring"):
        unpack(content)


def test_noise_takes_about_its_information() -> None:
    values = [round(10_000 * (1 + ((i * 7919) % 1000) / 1000)) for i in range(1000)]
    assert len(pack([values])) < 1000 * 14.5 / 8


def test_many_are_packed_within_a_greenlet() -> None:
    """As on PostgreSQL, where numpy must not look for what called it."""
    many = [[[(value * 7919) % 100_003 for value in range(3000)]] * 4] * 4
    packed = greenlet(pack_many).switch(many)
    assert packed == [pack(columns) for columns in many]
