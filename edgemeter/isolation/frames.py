"""Messages between a child and its parent: one byte of kind, four of length, then JSON.

The child is hostile: the reading side bounds every message, all messages together
and what a parsed message can grow to, and takes nothing but plain JSON.
"""

import json
import math
import re
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from edgemeter.failures import EdgeMeterError

HEADER = struct.Struct("!BI")

# Each of these characters starts at most one Python object of some 60 bytes or more.
VALUES_MAX = 4_000_000
_LONE_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")


class FrameKind(IntEnum):
    CONFINED = 1
    MESSAGE = 2
    RAISED = 3


class GarbledError(EdgeMeterError):
    """The child sent what is no message, or more than it may."""


def encode(kind: FrameKind, value: Any) -> bytes:
    """Raises ValueError or TypeError for what strict JSON cannot hold (NaN, lone surrogates)."""
    body = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    return HEADER.pack(kind, len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self, message_bytes: int, total_bytes: int) -> None:
        self._message_bytes = message_bytes
        self._left_bytes = total_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[FrameKind, Any]]:
        """Yields the frames that `data` completes. Raises GarbledError; the reader is then spent."""
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise GarbledError("more messages than allowed")
        self._buffer += data
        while (frame := self._cut()) is not None:
            yield frame

    @property
    def incomplete(self) -> bool:
        """Whether the stream so far ends within a frame."""
        return bool(self._buffer)

    def _cut(self) -> tuple[FrameKind, Any] | None:
        if len(self._buffer) < HEADER.size:
            return None
        kind, length = HEADER.unpack_from(self._buffer)
        if length > self._message_bytes:
            raise GarbledError("a message is too long")
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return _kind(kind), parse(body)


def _kind(number: int) -> FrameKind:
    try:
        return FrameKind(number)
    except ValueError as error:
        raise GarbledError("a message of unknown kind") from error


def parse(body: bytes) -> Any:
    """Strict JSON of bounded size in memory. Raises GarbledError."""
    if sum(body.count(mark) for mark in (b",", b"[", b"{", b":")) > VALUES_MAX:
        raise GarbledError("a message holds too many values")
    try:
        text = body.decode()
        if _LONE_SURROGATE.search(text):
            raise GarbledError("a message holds half a character")
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise GarbledError("a message is not JSON") from error


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
