"""A server's measurements on stdout: rows for people, CSV for spreadsheets, one in full."""

import csv
import sys
from collections.abc import Iterable

from edgemeter.cli.output import data_console
from edgemeter.cli.tables import print_facts, print_listing
from edgemeter.cli.text import csv_cell, milliseconds, plain
from edgemeter.measurement import Interval
from edgemeter.wire.measurements import MeasurementRecord, MeasurementRow

_COLUMNS = ("number#", "network", "target", "protocol", "latency ms#", "90 % interval#", "device", "measured")
_CSV_COLUMNS = (
    "id",
    "job_id",
    "artifact",
    "name",
    "target",
    "revision",
    "device",
    "protocol",
    "valid",
    "accepted",
    "latency_ms",
    "low_ms",
    "high_ms",
    "failure_kind",
    "measured_at",
)
_TEXT_SIGNS = 400


def print_rows(rows: Iterable[MeasurementRow]) -> None:
    none = "No measurements. `edgemeter submit FILE --target TARGET` asks for one."
    print_listing(_COLUMNS, map(_cells, rows), none)


def print_record(record: MeasurementRecord) -> None:
    latency = record.measurement.latency
    print_facts(
        (
            ("measurement", record.id),
            ("network", record.name),
            ("sha256", record.artifact),
            ("target", record.target),
            ("revision", record.revision),
            ("device", record.device),
            ("protocol", record.protocol),
            ("latency ms", _value(record)),
            ("90 % interval", _interval(record.interval)),
            ("median ms", latency and milliseconds(latency.median_ms)),
            ("samples", latency and latency.samples),
            ("valid", record.valid),
            ("accepted", record.accepted),
            ("failure", record.measurement.failure and record.measurement.failure.message),
            ("measured", record.measured_at),
            ("agent", record.agent_version),
        )
    )
    validity = record.measurement.validity
    for remark in (*validity.reasons, *validity.flags):
        data_console().print(f"[yellow]{plain(remark.text, _TEXT_SIGNS)}[/] {plain(remark.detail)}")


def print_csv(rows: Iterable[MeasurementRow]) -> None:
    """One row for each, with stable column names."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for row in rows:
        interval = row.interval
        ends = {"low_ms": interval and interval.low_ms, "high_ms": interval and interval.high_ms}
        document = row.model_dump(mode="json") | ends
        writer.writerow(_csv_cell(document[column]) for column in _CSV_COLUMNS)


def _cells(row: MeasurementRow) -> tuple[object, ...]:
    figures = (_value(row), _interval(row.interval))
    return row.id, row.name, row.target, row.protocol, *figures, row.device, row.measured_at


def _csv_cell(value: object) -> object:
    return csv_cell(value) if isinstance(value, str) else value


def _value(row: MeasurementRow) -> str:
    if row.latency_ms is None:
        return row.failure_kind or ""
    return milliseconds(row.latency_ms) + ("" if row.valid else " !")


def _interval(interval: Interval | None) -> str:
    return "" if interval is None else f"{milliseconds(interval.low_ms)} .. {milliseconds(interval.high_ms)}"
