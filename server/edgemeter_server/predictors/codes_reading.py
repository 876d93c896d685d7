"""Codes of architectures as they come over the wire, piece by piece."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from edgemeter.spaces.space import Codes, Space
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal


class CodesReader(ABC):
    """Makes rows of codes of the pieces of one body, wherever these were cut.

    The codes are (n, columns) uint8 and not yet checked. A reader holds no more than the beginning of what
    its next rows are made of. `rows` counts those handed out.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.width = len(space.columns)
        self.rows = 0

    @abstractmethod
    def feed(self, piece: bytes) -> Iterator[Codes]:
        """The rows that are whole with this piece. Raises Refusal for what cannot be codes."""

    @abstractmethod
    def end(self) -> None:
        """Nothing comes after this. Raises Refusal where something is missing."""


class OctetsReader(CodesReader):
    """One byte a column, row after row."""

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self._left = b""

    def feed(self, piece: bytes) -> Iterator[Codes]:
        data = self._left + piece if self._left else piece
        rows = len(data) // self.width
        self._left = data[rows * self.width :]
        self.rows += rows
        if rows:
            yield np.frombuffer(data, np.uint8, rows * self.width).reshape(rows, self.width)

    def end(self) -> None:
        if self._left or not self.rows:
            size = self.rows * self.width + len(self._left)
            words = f"{size} bytes are not rows of {self.width} codes, which an architecture of"
            raise Refusal(ProblemType.INVALID, f"{words} {self.space.name} has")
