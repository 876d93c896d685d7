"""Measured latencies from Parquet files with the columns arch_id, arch, device, metric, value, unit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from edgemeter.failures import EdgeMeterError
from edgemeter.spaces.counting import position_of
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.text import from_text
from edgemeter.spaces.translation import base_text
from edgemeter_predictors.data import OperatorTable

Array = NDArray[np.float64]

_COLUMNS: Final = ("arch", "device", "metric", "value", "unit")
_MS: Final = {"ms": 1.0, "us": 1e-3, "s": 1e3, "ns": 1e-6}
_SHOWN = 8


class TidyFileError(EdgeMeterError):
    """A file that does not hold what is asked of it. Says what is missing and what there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What one device took for each text of `arch`: the median where one stands there more than once."""

    texts: tuple[str, ...]
    latency_ms: Array


class TidyFile:
    """Read once; asked for each device."""

    def __init__(self, path: Path, metric: str = "latency") -> None:
        self.path, self.metric = path, metric
        try:
            table = pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            raise TidyFileError(f"{path.name} is no Parquet file that can be read: {error}") from error
        missing = [name for name in _COLUMNS if name not in table.column_names]
        if missing:
            raise TidyFileError(
                f"{path.name} has no column {', '.join(missing)}; a tidy file has {', '.join(_COLUMNS)}"
                f", this one {', '.join(table.column_names)}"
            )
        if not len(table):
            raise TidyFileError(f"{path.name} has no rows")
        self._table = table.filter(_equal(table, "metric", metric))
        if not len(self._table):
            raise TidyFileError(f"{path.name} has no metric {metric!r}, it has {_values(table, 'metric')}")

    def column(self, device: str) -> Column:
        rows = self._table.filter(_equal(self._table, "device", device))
        if not len(rows):
            devices = _values(self._table, "device")
            raise TidyFileError(
                f"{self.path.name} has no device {device!r} with {self.metric}, it has {devices}"
            )
        texts, number = np.unique(_words(rows, "arch").to_numpy(False).astype(str), return_inverse=True)
        values = rows.column("value").cast(pa.float64()).to_numpy() * self._factor(rows)
        order = np.argsort(number, kind="stable")
        groups = np.split(values[order], np.cumsum(np.bincount(number))[:-1])
        return Column(tuple(texts.tolist()), np.array([np.median(group) for group in groups]))

    def _factor(self, rows: pa.Table) -> Array:
        units = _words(rows, "unit").to_pylist()
        unknown = sorted(set(units) - set(_MS), key=str)
        if unknown:
            raise TidyFileError(
                f"{self.path.name}: {self.metric} is in {', '.join(map(repr, unknown))}; "
                f"latencies are in {', '.join(_MS)}"
            )
        return np.array([_MS[unit] for unit in units])


def codes_of(space: Space, texts: tuple[str, ...]) -> Codes:
    """Raises TidyFileError, with the text, where one is no architecture of the space."""
    try:
        return np.asfortranarray([_row(space, text) for text in texts])
    except CodeError as error:
        raise TidyFileError(f"this file is not of the space {space.name}: {error}") from error


def networks_of(space: Space, column: Column) -> tuple[Codes, Array]:
    """Codes and latencies; of a subset, of its networks alone, and as codes of its base."""
    if not isinstance(space, Subset):
        return codes_of(space, column.texts), column.latency_ms
    own = f"{space.name}@"
    texts = tuple(base_text(space, text) if text.startswith(own) else text for text in column.texts)
    codes = codes_of(space.base, texts)
    here = space.holds(codes)
    if not here.any():
        raise TidyFileError(f"no network of this file is in {space.name}")
    return codes[here], column.latency_ms[here]


def operator_table(space: Space, column: Column) -> OperatorTable:
    """From rows whose `arch` is an operator's key in the space. Others are refused, missing ones are NaN."""
    latency_ms = np.full(len(space.placed), np.nan)
    for text, value in zip(column.texts, column.latency_ms, strict=True):
        try:
            latency_ms[position_of(space, text)] = value
        except CodeError as error:
            raise TidyFileError(str(error)) from error
    return OperatorTable(latency_ms, np.full(len(latency_ms), np.nan))


def _row(space: Space, text: str) -> Codes:
    """Words apart by spaces are read as well."""
    try:
        return from_text(space, text)
    except CodeError:
        words = text.split()
        if len(words) != len(space.columns):
            raise
        return from_text(space, ",".join(words))


def _words(table: pa.Table, name: str) -> Any:
    return table.column(name).cast(pa.string())


def _equal(table: pa.Table, name: str, value: str) -> Any:
    return pc.equal(_words(table, name), value)


def _values(table: pa.Table, name: str) -> str:
    values = sorted(set(_words(table, name).to_pylist()), key=str)
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(map(str, values[:_SHOWN])) + more
