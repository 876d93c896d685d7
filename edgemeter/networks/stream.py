"""Puts a file together from small pieces and weights that are made as they are written."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Payload:
    """`size` bytes that `blocks` yields, in arrays of any shape and type."""

    size: int
    blocks: Callable[[], Iterable[NDArray[Any]]]

    @classmethod
    def of(cls, values: NDArray[Any]) -> "Payload":
        return cls(values.nbytes, lambda: (values,))


def joined(parts: Sequence[bytes | Payload]) -> bytes:
    """All parts in their order. Weights are written once, into the file's own memory."""
    total = sum(part.size if isinstance(part, Payload) else len(part) for part in parts)
    file = io.BytesIO(bytes(total))
    with file.getbuffer() as memory:
        target = np.frombuffer(memory, np.uint8)
        position = 0
        for part in parts:
            position = _write(target, position, part)
        del target
    return file.getvalue()


def _write(target: NDArray[np.uint8], position: int, part: bytes | Payload) -> int:
    blocks = part.blocks() if isinstance(part, Payload) else (np.frombuffer(part, np.uint8),)
    for block in blocks:
        octets = np.ascontiguousarray(block).reshape(-1).view(np.uint8)
        target[position : position + len(octets)] = octets
        position += len(octets)
    return position
