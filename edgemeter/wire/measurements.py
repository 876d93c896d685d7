"""Measurements as the service keeps them."""

from typing import Any

from edgemeter.measurement import Interval, Measurement
from edgemeter.wire.base import Id, Instant, Label, Reply, Sha256, Slug


class MeasurementRow(Reply):
    """The narrow row that lists show."""

    id: Id
    job_id: Id
    artifact: Sha256
    name: Label
    target: Slug
    revision: int
    device: Slug
    protocol: str
    valid: bool
    accepted: bool  #: False: superseded, kept beside the job's accepted one
    latency_ms: float | None
    interval: Interval | None
    failure_kind: str | None = None
    measured_at: Instant


class MeasurementRecord(MeasurementRow):
    """All of it: the agent's document, its samples among it unless retention has taken them."""

    measurement: Measurement
    provenance: dict[str, Any]
    agent_version: Label
    samples_kept: bool = True
