"""What a predictor is fitted on: the measurements that stand now, named by a hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from edgemeter.wire.base import Reply
from edgemeter.wire.campaigns import LatencyRow, Purpose
from edgemeter_server.campaigns.latencies import architecture_labels, operator_table, parts_of_tests
from edgemeter_server.measurements.listing import in_project


class Labelled(Reply):
    """One network: its text (an operator's key, or an architecture), and what was measured. `part` names the
    generated space that it is a test of.
    """

    text: str
    latency_ms: float
    relative_error: float
    measurement_id: int
    part: str | None = None


class Snapshot(Reply):
    """Valid measurements of one space on one target in one project; `tests` are never trained on."""

    operators: tuple[Labelled, ...]
    training: tuple[Labelled, ...]
    tests: tuple[Labelled, ...]

    @property
    def sha256(self) -> str:
        """Of the measurements' ids and values: the same data give the same name."""
        parts: Sequence[Any] = [
            [[row.measurement_id, row.text, row.latency_ms] for row in rows]
            for rows in (self.operators, self.training, self.tests)
        ]
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def take(connection: Connection, project: int, builds: str, target_id: int) -> Snapshot:
    """Only what is valid, accepted, of the target's current revision, and was asked for in this project."""
    seen = in_project(project)
    architectures = architecture_labels(connection, builds, target_id, seen)
    parts = parts_of_tests(connection, builds, target_id)
    return Snapshot(
        operators=_labelled(operator_table(connection, builds, target_id, seen)),
        training=_labelled(row for row in architectures if row.purpose is not Purpose.TEST),
        tests=_labelled((row for row in architectures if row.purpose is Purpose.TEST), parts),
    )


def _labelled(rows: Iterable[LatencyRow], parts: Mapping[str, str] | None = None) -> tuple[Labelled, ...]:
    return tuple(
        Labelled(
            text=row.text,
            latency_ms=row.latency_ms,
            relative_error=row.relative_error,
            measurement_id=row.measurement_id,
            part=(parts or {}).get(row.text),
        )
        for row in rows
    )
