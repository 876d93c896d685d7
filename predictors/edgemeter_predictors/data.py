"""What a cost model learns from: measured networks, and the table of measured operators."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import CodeError, Codes, Space

Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]
InputsT = TypeVar("InputsT")


class DataError(ValueError):
    """Training data that mean nothing. Says which rows, and what is wrong with them."""


class Measured(ABC, Generic[InputsT]):
    """n measured networks of one target, in whatever form a model takes them (`inputs`).

    `latency_ms` is (n,), positive and finite: one published latency for each measurement, each of its own
    session where there are several. The same network may stand there more than once; `same` (n,)
    numbers the networks, so that judging never learns from the network that it asks about.
    `retest_error` is the relative standard deviation between two sessions' latencies of one
    network, the floor of every error; NaN where nobody has measured anything twice.
    """

    latency_ms: NDArray[np.float64]
    retest_error: float

    @property
    @abstractmethod
    def inputs(self) -> InputsT:
        """The networks as `Fitted.predict` takes them."""

    @property
    @abstractmethod
    def same(self) -> NDArray[np.intp]:
        """(n,): equal numbers for equal networks."""

    @abstractmethod
    def select(self, rows: Rows) -> Self:
        """These rows alone, and everything else as it was."""

    def __len__(self) -> int:
        return len(self.latency_ms)


@dataclass(frozen=True, slots=True)
class OperatorTable:
    """The lookup table: one row for each position of `Space.placed`.

    `latency_ms` (placed,) is NaN where an operator has not been measured. `relative_error` (placed,)
    is the relative standard deviation of such a latency between sessions; NaN where unknown.
    """

    latency_ms: NDArray[np.float64]
    relative_error: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.latency_ms.ndim != 1 or self.latency_ms.shape != self.relative_error.shape:
            raise DataError("an operator table has one latency and one relative error for each operator")
        bad = np.flatnonzero(
            ~(np.isnan(self.latency_ms) | (self.latency_ms > 0) & (self.latency_ms < np.inf))
        )
        if len(bad):
            raise DataError(f"an operator's latency is positive and finite; {_rows(self.latency_ms, bad)}")

    @classmethod
    def of(cls, space: Space, rows: Iterable[tuple[str, float, float]]) -> "OperatorTable":
        """From the keys of operators with their latencies and relative errors; unknown keys are left out."""
        positions = {placed.key: position for position, placed in enumerate(space.placed)}
        latency_ms, relative_error = np.full((2, len(space.placed)), np.nan)
        for key, ms, error in rows:
            if (position := positions.get(key)) is not None:
                latency_ms[position], relative_error[position] = ms, error
        return cls(latency_ms, relative_error)

    @property
    def missing(self) -> NDArray[np.intp]:
        """Positions without a measurement."""
        return np.flatnonzero(np.isnan(self.latency_ms))


@dataclass(frozen=True, slots=True, eq=False)
class SpaceData(Measured[Codes]):
    """Architectures of one space: `codes` (n, columns) uint8, and the operator table where there is one."""

    space: Space
    codes: Codes
    latency_ms: NDArray[np.float64]
    table: OperatorTable | None = None
    retest_error: float = float("nan")

    def __post_init__(self) -> None:
        check_rows(self.space, self.codes)
        check_latencies(self.latency_ms, len(self.codes))
        if self.table is not None and len(self.table.latency_ms) != len(self.space.placed):
            raise DataError(
                f"{self.space.name} has {len(self.space.placed)} operators in context, "
                f"the table has {len(self.table.latency_ms)} rows: is it of another version of the space?"
            )

    @property
    def inputs(self) -> Codes:
        return self.codes

    @property
    def same(self) -> NDArray[np.intp]:
        canonical = np.ascontiguousarray(self.space.canonical(self.codes))
        return np.unique(canonical, axis=0, return_inverse=True)[1].reshape(-1)

    def select(self, rows: Rows) -> "SpaceData":
        return SpaceData(self.space, self.codes[rows], self.latency_ms[rows], self.table, self.retest_error)


def check_latencies(latency_ms: NDArray[np.float64], networks: int) -> None:
    """Raises DataError unless there is one positive, finite latency for each network."""
    if latency_ms.shape != (networks,):
        raise DataError(f"{networks} networks have {latency_ms.size} latencies")
    bad = np.flatnonzero(~((latency_ms > 0) & (latency_ms < np.inf)))
    if len(bad):
        raise DataError(f"a latency is positive and finite; {_rows(latency_ms, bad)}")


def check_rows(space: Space, codes: Codes) -> None:
    """Raises CodeError unless `codes` are (n, columns) architectures of the space."""
    if validate(space, codes).ndim != 2:
        raise CodeError(f"architectures are rows: the array is (n, {len(space.columns)}), not {codes.shape}")


def _rows(values: NDArray[np.float64], bad: NDArray[np.intp]) -> str:
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    return ", ".join(f"row {row} is {values[row]}" for row in bad[:3]) + more
