import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.isolation import frames
from edgemeter.isolation.frames import FrameKind, FrameReader, GarbledError, encode, parse

finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(codec="utf-8"))
messages = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | finite | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
framed = st.lists(st.tuples(st.sampled_from(FrameKind), messages), max_size=5)


def read(
    data: bytes, step: int = 1 << 20, message_bytes: int = 1 << 20, total_bytes: int = 1 << 20
) -> list[Any]:
    reader = FrameReader(message_bytes, total_bytes)
    found = [
        frame for start in range(0, len(data), step) for frame in reader.feed(data[start : start + step])
    ]
    assert not reader.incomplete
    return found


@given(framed, st.integers(1, 50))
def test_what_is_sent_arrives_however_it_is_cut(sent: list[tuple[FrameKind, Any]], step: int) -> None:
    data = b"".join(encode(kind, value) for kind, value in sent)
    assert read(data, step) == sent


@given(st.binary(max_size=300))
def test_noise_is_refused_or_waited_for(noise: bytes) -> None:
    reader = FrameReader(1000, 1000)
    try:
        for kind, _ in reader.feed(noise):
            assert kind in FrameKind
    except GarbledError:
        pass


@given(st.binary(max_size=40))
def test_any_body_is_parsed_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except GarbledError:
        return
    json.dumps(value, allow_nan=False).encode()  # what got through is plain JSON
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body", ["NaN", "Infinity", "1e999", "-1e999", '"\\udc00"', '{"\\ud83d": 1}', "[" * 10_000, ""]
)
def test_what_strict_json_is_not(body: str) -> None:
    with pytest.raises(GarbledError):
        parse(body.encode())


def test_a_backslash_before_a_u_is_no_surrogate() -> None:
    assert parse(json.dumps("\\ud800").encode()) == "\\ud800"


def test_what_cannot_be_sent() -> None:
    for value in (float("nan"), "\ud800"):
        with pytest.raises(ValueError, match=r"JSON|encode"):
            encode(FrameKind.MESSAGE, value)


def test_a_message_is_bounded_before_it_is_there() -> None:
    with pytest.raises(GarbledError, match="too long"):
        list(FrameReader(10, 1000).feed(struct.pack("!BI", FrameKind.MESSAGE, 11)))


def test_all_messages_together_are_bounded() -> None:
    one = encode(FrameKind.MESSAGE, "x" * 10)
    assert len(read(one * 3, total_bytes=3 * len(one))) == 3
    with pytest.raises(GarbledError, match="more"):
        read(one * 3, total_bytes=3 * len(one) - 1)


def test_small_values_cannot_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "VALUES_MAX", 10)
    assert len(parse(b"[" + b",".join([b"[]"] * 5) + b"]")) == 5
    with pytest.raises(GarbledError, match="values"):
        parse(b"[" + b",".join([b"[]"] * 6) + b"]")


def test_a_stream_within_a_frame_is_incomplete() -> None:
    reader = FrameReader(100, 100)
    assert list(reader.feed(encode(FrameKind.MESSAGE, "x")[:-1])) == []
    assert reader.incomplete
