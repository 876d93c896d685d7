"""What new reports do, in one unit of work: measurements stored, jobs ended or retried, devices judged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from edgemeter.measurement import FailureDocument, Measurement
from edgemeter.wire.agents import Receipt, ReportBatch
from edgemeter.wire.requests import JobState
from edgemeter_server.devices import health
from edgemeter_server.jobs import reports
from edgemeter_server.jobs.failing import Failing, Held, fail, topics
from edgemeter_server.jobs.outcomes import Outcome
from edgemeter_server.jobs.policy import Charge, Decision
from edgemeter_server.jobs.topics import job_topic
from edgemeter_server.jobs.transitions import AttemptEvent, AttemptState
from edgemeter_server.measurements.repository import NewMeasurement, store_many


class Case(NamedTuple):
    """An attempt, see reports.py, and what it came to."""

    row: Row[Any]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Cases:
    """New reports: those that count, and those that came too late to."""

    counting: Sequence[Case]
    overtaken: Sequence[Case]


@dataclass(frozen=True, slots=True)
class Settled:
    receipts: tuple[Receipt, ...]
    topics: tuple[str, ...]  #: to wake after the commit


def settle(connection: Connection, cases: Cases, batch: ReportBatch, now_us: int, strikes: int) -> Settled:
    failing = [
        _failing(case.row, failure, case.outcome.started)
        for case in cases.counting
        if (failure := case.outcome.failure) is not None
    ]
    decisions = fail(connection, failing, now_us)
    verdicts = {each.held.attempt_id: decision for each, decision in zip(failing, decisions, strict=True)}
    done = [case.row for case in cases.counting if case.outcome.failure is None]
    reports.finish(connection, done, now_us)
    reports.supersede(connection, [case.row for case in cases.overtaken], now_us)
    stored = store_many(connection, new := list(_new(cases, verdicts, batch)), now_us)
    ids = {each.attempt_id: id_ for each, id_ in zip(new, stored, strict=True)}
    _judge_devices(connection, cases.counting, verdicts, now_us, strikes)
    reports.strike_others(connection, done, now_us, strikes)
    woken = (*(job_topic(row.job_id) for row in done), *topics(failing, decisions, now_us))
    return Settled(tuple(_receipts(cases, verdicts, ids)), woken)


def _failing(row: Row[Any], failure: FailureDocument, started: bool) -> Failing:
    states = AttemptState(row.state), JobState(row.job_state)
    return Failing(
        Held(row.id, row.job_id, row.device_id, row.target_id, *states),
        AttemptEvent.REPORTED,
        failure,
        started,
    )


def _new(cases: Cases, verdicts: Mapping[int, Decision], batch: ReportBatch) -> Iterable[NewMeasurement]:
    """Accepted is what decided on its job: a latency, or the failure that ended it."""
    for row, outcome in cases.counting:
        if outcome.measurement is not None:
            decides = row.id not in verdicts or not verdicts[row.id].retry
            yield _new_one(row, outcome.measurement, decides, batch)
    for row, outcome in cases.overtaken:
        if outcome.measurement is not None:
            yield _new_one(row, outcome.measurement, False, batch)


def _new_one(row: Row[Any], measurement: Measurement, accepted: bool, batch: ReportBatch) -> NewMeasurement:
    return NewMeasurement(
        job_id=row.job_id,
        attempt_id=row.id,
        artifact_id=row.artifact_id,
        target_id=row.target_id,
        revision_id=row.revision_id,
        spec_id=row.spec_id,
        device_id=row.device_id,
        accepted=accepted,
        measurement=measurement,
        agent_version=batch.agent_version,
        seed=batch.seed,
        provenance=batch.provenance,
    )


def _judge_devices(
    connection: Connection,
    counting: Iterable[Case],
    verdicts: Mapping[int, Decision],
    now_us: int,
    strikes: int,
) -> None:
    measured = set()
    for row, outcome in counting:
        if outcome.failure is None:
            measured.add(row.device_id)
        elif verdicts[row.id].charged is Charge.DEVICE:
            reason = f"{outcome.failure.kind}: {outcome.failure.message}"
            health.strike(connection, row.device_id, now_us, reason, attempt_id=row.id, limit=strikes)
    for device_id in sorted(measured):
        health.clear(connection, device_id, now_us)


def _receipts(cases: Cases, verdicts: Mapping[int, Decision], ids: Mapping[int, int]) -> Iterable[Receipt]:
    for row, outcome in cases.counting:
        yield Receipt(
            attempt_id=row.id,
            state="accepted",
            measurement_id=ids.get(row.id),
            failure_kind=outcome.failure.kind if outcome.failure else None,
            retry=row.id in verdicts and verdicts[row.id].retry,
        )
    for row, _ in cases.overtaken:
        yield Receipt(attempt_id=row.id, state="superseded", measurement_id=ids.get(row.id))
