"""Latencies of a space's operators from files: JSON, CSV or Parquet.

A row has the operator's key (`text`, `key`, `operator`, `arch` or `id`), `latency_ms`, and `low_ms` and
`high_ms` where they are known. JSON is the document of `GET /v1/targets/T/operators`, a list of rows, or an
object of latencies by key. Of a tidy table, as `edgemeter export` writes it, valid rows of operators count.
"""

import json
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import Any, Final

from edgemeter.failures import EdgeMeterError
from edgemeter.spaces.counting import position_of
from edgemeter.spaces.scores import Latency
from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.table_files import Row, TableFileError, table_rows
from edgemeter.spaces.tidy import METRICS
from edgemeter.wire.recipes import RecipeKind

_LARGEST_BYTES: Final = 64 * 2**20  #: of a JSON document
_NAMES: Final = ("text", "key", "operator", "arch", "id")
_MS: Final = {"ms": 1.0, "us": 1e-3, "s": 1e3}


class LatencyFileError(EdgeMeterError, ValueError):
    """A file of latencies that cannot be read. Says in which row, and why."""


def read_latencies(path: Path, space: Space) -> dict[str, Latency]:
    """By the operators' keys. A row that is no operator of `space` is an error, as is a second one of the
    same operator: nothing is averaged silently.
    """
    found: dict[str, Latency] = {}
    for number, row in enumerate(_rows(path), start=1):
        try:
            key, latency = _read(row, space)
            if key in found:
                raise LatencyFileError(f"{key} was there before: one target, each operator once")
        except (LatencyFileError, CodeError) as error:
            raise LatencyFileError(f"{path.name}, row {number}: {error}") from None
        if latency is not None:
            found[key] = latency
    if not found:
        raise LatencyFileError(f"{path.name} has no latency")
    return found


def _read(row: Row, space: Space) -> tuple[str, Latency | None]:
    tidy = "metric" in row
    if tidy and not _counts(row):
        return "", None
    word = next((row[name] for name in _NAMES if row.get(name)), None)
    if word is None:
        raise LatencyFileError(f"there is no operator: one of the columns {', '.join(_NAMES)}")
    key = space.placed[position_of(space, str(word))].key
    names = ("value", "low", "high") if tidy else ("latency_ms", "low_ms", "high_ms")
    scale = _scale(row) if tidy else 1.0
    value = _number(row, names[0]) * scale
    low, high = (_number(row, name) * scale if row.get(name) else value for name in names[1:])
    if not low <= value <= high:
        raise LatencyFileError(f"{value} is not between {names[1]} {low} and {names[2]} {high}")
    return key, Latency(value, low, high)


def _counts(row: Row) -> bool:
    """Whether a tidy row is an operator's: valid, and not the second one that only tells the retest error."""
    valid = str(row.get("valid", "")).lower() != "false"
    return row["metric"] == METRICS[RecipeKind.OPERATOR] and valid and row.get("purpose") != "repeat"


def _scale(row: Row) -> float:
    unit = row.get("unit")
    if unit not in _MS:
        raise LatencyFileError(f"the unit is {unit!r}, not one of {', '.join(_MS)}")
    return _MS[unit]


def _number(row: Row, name: str) -> float:
    try:
        value = float(row[name])
    except (KeyError, TypeError, ValueError):
        raise LatencyFileError(f"{name} is not a number: {row.get(name)!r}") from None
    if not isfinite(value) or value <= 0:
        raise LatencyFileError(f"{name} is {value}, not above 0")
    return value


def _rows(path: Path) -> Iterable[Row]:
    if path.suffix.lower() != ".json":
        try:
            return list(table_rows(path))
        except TableFileError as error:
            raise LatencyFileError(str(error)) from None
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise LatencyFileError(f"{path.name} is larger than {_LARGEST_BYTES // 2**20} MB")
        return _json_rows(json.loads(path.read_bytes()))
    except OSError as error:
        raise LatencyFileError(f"{path.name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise LatencyFileError(f"{path.name}: {error}") from None


def _json_rows(document: Any) -> list[Row]:
    if isinstance(document, dict) and "rows" not in document:
        return [
            {"key": key, **(value if isinstance(value, dict) else {"latency_ms": value})}
            for key, value in document.items()
        ]
    rows = document["rows"] if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LatencyFileError("it is neither a list of rows nor an object of latencies by key")
    return rows
