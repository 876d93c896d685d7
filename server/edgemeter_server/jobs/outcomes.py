"""What a report says happened, once it is believed to be about its own job."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument, Measurement, Remark
from edgemeter.wire.agents import AttemptReport, Measured

_FOREIGN = FailureDocument(
    kind=FailureKind.INTERNAL, message="the agent reported another network, target or protocol than the job's"
)
OTHER_BYTES = "other_bytes"
_OTHER_BYTES = (
    "The agent built another file of this recipe than the one that was measured first. "
    "Give all agents the same version of EdgeMeter and of the space, then measure it again."
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


def outcome_of(report: AttemptReport, row: Row[Any], built: bytes | None = None) -> Outcome:
    """`row` is of the attempt, see reports.py; `built` the sha256 of the file that its recipe stands for."""
    reported = report.outcome
    if not isinstance(reported, Measured):
        return Outcome(None, reported.failure, reported.started)
    measurement = reported.measurement
    if not _is_of(measurement, row, built):
        return Outcome(None, _FOREIGN)
    if built is not None and measurement.network.sha256 != built.hex():
        measurement = _with_other_bytes(measurement, built)
    if measurement.status == "ok":
        return Outcome(measurement, None) if measurement.latency is not None else Outcome(None, _UNTOLD)
    return Outcome(measurement, measurement.failure or _UNTOLD)


def _is_of(measurement: Measurement, row: Row[Any], built: bytes | None) -> bool:
    if built is None and measurement.network.sha256 != row.sha256.hex():
        return False
    said = (measurement.target.slug, measurement.protocol.digest)
    return said == (row.target, row.protocol_digest.hex())


def _with_other_bytes(measurement: Measurement, built: bytes) -> Measurement:
    """Kept, but never taken for a measurement of the recipe."""
    detail = f"{measurement.network.sha256} instead of {built.hex()}"
    doubt = Remark(name=OTHER_BYTES, text=_OTHER_BYTES, detail=detail)
    validity = measurement.validity
    reasons = (*validity.reasons, doubt)
    return measurement.model_copy(
        update={"validity": validity.model_copy(update={"valid": False, "reasons": reasons})}
    )
