"""Range and If-None-Match headers, as RFC 9110 has them and as people hand them in."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgemeter_server.artifacts.ranges import UnsatisfiableRangeError, names_etag, span_of

SIZE = 1000
ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-999", 0, 1000),
        ("bytes=0-99999", 0, 1000),
        ("bytes=10-", 10, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-5000", 0, 1000),
        ("Bytes = 10-19 ", 10, 20),
        ("bytes=999-999999999999999999", 999, 1000),
    ],
)
def test_one_range(header, start, stop):
    span = span_of(header, SIZE)

    assert (span.start, span.stop, span.partial) == (start, stop, True)
    assert span.content_range == f"bytes {start}-{stop - 1}/{SIZE}"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=--5",
        "bytes=1-2-3",
        "items=0-5",
        "bytes=+1-2",
        "bytes=1.0-2",
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 19 + "-",
        "bytesx=0-1",
        "\0",
    ],
)
def test_what_is_no_range_of_bytes_is_ignored(header):
    span = span_of(header, SIZE)

    assert (span.start, span.stop, span.partial) == (0, SIZE, False)


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=0-1,5-6", "bytes=0-0," * 10_000]
)
def test_what_cannot_be_given(header):
    with pytest.raises(UnsatisfiableRangeError):
        span_of(header, SIZE)


@given(st.text(), st.integers(0, 2**40))
@example("bytes=0-", 0)
def test_whatever_is_asked_lies_in_the_file(header, size):
    try:
        span = span_of(header, size)
    except UnsatisfiableRangeError:
        return
    assert 0 <= span.start <= span.stop <= size
    assert not span.partial or span.start < span.stop


@given(st.integers(1, 2**40), st.data())
def test_every_range_of_a_file_comes_back(size, data):
    start = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(start + 1, size))

    assert span_of(f"bytes={start}-{stop - 1}", size).content_range == f"bytes {start}-{stop - 1}/{size}"
    assert span_of(f"bytes=-{size - start}", size).start == start


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (None, False),
        ("", False),
        (ETAG, True),
        (f"W/{ETAG}", True),
        (f'"x", {ETAG} ,"y"', True),
        ("*", True),
        ('"abcd"', False),
        ("abc", False),
        (f"{'x' * 5000}, {ETAG}", False),
    ],
)
def test_if_none_match(header, named):
    assert names_etag(header, ETAG) is named
