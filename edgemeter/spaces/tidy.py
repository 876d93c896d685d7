"""Latencies as tidy tables: one value a row, whatever device and metric, with where it comes from."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from edgemeter.failures import EdgeMeterError
from edgemeter.spaces.table_files import Row, TableFileError
from edgemeter.wire.campaigns import CampaignResult, ImportedValue, Purpose
from edgemeter.wire.recipes import RecipeKind

#: What any such table has, and what ours tell beside it.
COLUMNS: Final = ("arch_id", "arch", "device", "metric", "value", "unit")
VALUE_COLUMNS: Final = COLUMNS[1:]
PROVENANCE: Final = (
    "purpose",
    "low",
    "high",
    "level",
    "samples",
    "valid",
    "protocol",
    "revision",
    "measured_on",
    "measured_at",
    "measurement_id",
    "recipe_sha256",
    "file_sha256",
)
METRICS: Final = {RecipeKind.ARCHITECTURE: "latency", RecipeKind.OPERATOR: "op_latency"}


def tidy_rows(results: Iterable[CampaignResult]) -> Iterator[dict[str, Any]]:
    """What was measured. `arch_id` numbers the networks, the same on all devices of the table."""
    numbers: dict[tuple[RecipeKind, str], int] = {}
    for result in results:
        if result.latency_ms is None:
            continue
        number = numbers.setdefault((result.kind, result.text), len(numbers))
        yield {
            "arch_id": number,
            "arch": result.text,
            "device": result.target,
            "metric": METRICS[result.kind],
            "value": result.latency_ms,
            "unit": "ms",
            "purpose": result.purpose.value,
            "low": result.low_ms,
            "high": result.high_ms,
            "level": result.level,
            "samples": result.samples,
            "valid": result.valid,
            "protocol": result.protocol,
            "revision": result.revision,
            "measured_on": result.device,
            "measured_at": None if result.measured_at is None else result.measured_at.isoformat(),
            "measurement_id": result.measurement_id,
            "recipe_sha256": result.recipe_sha256,
            "file_sha256": result.file_sha256,
        }


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """CSV or Parquet, by the file's name. Raises TableFileError, or OSError where it cannot be written."""
    columns = (*COLUMNS, *PROVENANCE)
    match path.suffix.lower():
        case ".csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, columns, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        case ".parquet":
            _write_parquet(path, columns, rows)
        case _:
            raise TableFileError(f"{path.name} is neither .csv nor .parquet")


def imported_values(rows: Iterable[Row]) -> Iterator[ImportedValue]:
    """All rows but the repeats of our own tables, which only tell the retest error. Raises TableError, which
    names the row, for a column that lacks or no number.
    """
    repeat = Purpose.REPEAT.value
    return (_value(number, row) for number, row in enumerate(rows, 1) if row.get("purpose") != repeat)


class TableError(EdgeMeterError, ValueError):
    """A row that is none of a tidy table's. Names it, from 1."""


def _value(number: int, row: Row) -> ImportedValue:
    lacking = [name for name in VALUE_COLUMNS if row.get(name) in (None, "")]
    if lacking:
        raise TableError(f"nothing was imported. row {number}: there is no {lacking[0]}")
    try:
        value = float(row["value"])
    except (TypeError, ValueError):
        raise TableError(f"nothing was imported. row {number}: {row['value']!r} is no number") from None
    return ImportedValue(str(row["arch"]), str(row["device"]), str(row["metric"]), value, str(row["unit"]))


def _write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    try:
        from pyarrow import Table, parquet
    except ImportError:
        raise TableFileError("Parquet needs pyarrow: pip install 'edgemeter[tables]' (or use .csv)") from None
    parquet.write_table(Table.from_pydict({name: [row[name] for row in rows] for name in columns}), path)
