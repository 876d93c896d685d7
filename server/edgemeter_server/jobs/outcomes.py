"""What a report says happened, once it is believed to be about its own job."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument, Measurement
from edgemeter.wire.agents import AttemptReport, Measured

_FOREIGN = FailureDocument(
    kind=FailureKind.INTERNAL, message="the agent reported another network, target or protocol than the job's"
)
_UNTOLD = FailureDocument(
    kind=FailureKind.INTERNAL, message="the agent reported neither a latency nor a failure"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measurement, a failure, or a failed measurement, which is both."""

    measurement: Measurement | None
    failure: FailureDocument | None
    started: bool = True


def outcome_of(report: AttemptReport, row: Row[Any]) -> Outcome:
    """`row` is of the attempt, see reports.py."""
    reported = report.outcome
    if not isinstance(reported, Measured):
        return Outcome(None, reported.failure, reported.started)
    measurement = reported.measurement
    if not _is_of(measurement, row):
        return Outcome(None, _FOREIGN)
    if measurement.status == "ok":
        return Outcome(measurement, None) if measurement.latency is not None else Outcome(None, _UNTOLD)
    return Outcome(measurement, measurement.failure or _UNTOLD)


def _is_of(measurement: Measurement, row: Row[Any]) -> bool:
    said = (measurement.network.sha256, measurement.target.slug, measurement.protocol.digest)
    return said == (row.sha256.hex(), row.target, row.protocol_digest.hex())
