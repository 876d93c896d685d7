"""Which bytes of a file a request asks for (RFC 9110, sections 13 and 14)."""

import re
from dataclasses import dataclass
from typing import Final

_ONE_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)
_MAX_HEADER: Final = 4096  #: longer lists of ETags or ranges are not looked at


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from `start` up to `stop` of a file of `size`. `partial` even where they are all of it."""

    start: int
    stop: int
    size: int
    partial: bool

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


class UnsatisfiableRangeError(ValueError):
    """Nothing of the file lies in the range, or more than one range is asked for."""


def whole(size: int) -> Span:
    return Span(0, size, size, partial=False)


def span_of(header: str | None, size: int) -> Span:
    """What a Range header asks for. One that is no range of bytes is ignored, as the standard says.

    Raises UnsatisfiableRangeError.
    """
    if header is None or header[:5].lower() != "bytes":
        return whole(size)
    if len(header) > _MAX_HEADER or "," in header:
        raise UnsatisfiableRangeError("one range at a time")
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return whole(size)
    first, last = match[1], match[2]
    if first and last and int(last) < int(first):
        return whole(size)  # not a range at all
    start = int(first) if first else max(0, size - int(last))
    stop = size if not (first and last) else min(int(last) + 1, size)
    if start >= stop:
        raise UnsatisfiableRangeError("the file ends before")
    return Span(start, stop, size, partial=True)


def names_etag(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match names `etag`: it does not matter how strongly."""
    if header is None or len(header) > _MAX_HEADER:
        return False
    return any(word.strip().removeprefix("W/") in (etag, "*") for word in header.split(","))
