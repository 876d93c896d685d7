"""Reporting: what attempts came to is stored once, and decides on their jobs where it still counts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from edgemeter.measurement import FailureDocument
from edgemeter.wire.agents import AttemptReport, Measured, Receipt, ReportBatch, Reported
from edgemeter.wire.requests import JobState
from edgemeter_server import faults
from edgemeter_server.artifacts.tables import ArtifactState
from edgemeter_server.jobs import reports
from edgemeter_server.jobs.lease_secret import opens
from edgemeter_server.jobs.outcomes import Outcome, outcome_of
from edgemeter_server.jobs.settling import Case, Cases, settle
from edgemeter_server.jobs.transitions import AttemptState, OnReport, Standing, on_report
from edgemeter_server.recipes.repository import BuiltFile, learn
from edgemeter_server.services import Services

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Answer:
    receipts: Mapping[int, Receipt]  #: by attempt id
    topics: tuple[str, ...]


async def report(services: Services, device_id: int, batch: ReportBatch) -> Reported:
    """All of it is durable before it is acknowledged. The same report again changes nothing."""

    def work(connection: Connection) -> _Answer:
        answer = _report(services, connection, device_id, batch)
        faults.point("report.written")
        return answer

    faults.point("report.begin")
    answer = await services.database.write(work)
    faults.point("report.committed")
    await services.wakeups.publish(answer.topics)
    return Reported(receipts=tuple(answer.receipts[each.attempt_id] for each in batch.reports))


def _report(services: Services, connection: Connection, device_id: int, batch: ReportBatch) -> _Answer:
    # Of two reports of one attempt in a batch, the first is the report.
    named = {each.attempt_id: each for each in reversed(batch.reports)}
    mine = _mine(connection, named, device_id, services.key)
    files = _files(connection, mine, named)
    verdicts = {id_: on_report(_standing(row)) for id_, row in mine.items()}
    outcomes = {id_: outcome_of(named[id_], row, files.get(row.artifact_id)) for id_, row in mine.items()}
    cases = Cases(
        counting=_cases(mine, outcomes, verdicts, OnReport.COUNTS),
        overtaken=_cases(mine, outcomes, verdicts, OnReport.OVERTAKEN),
    )
    repeated = [mine[id_] for id_, verdict in verdicts.items() if verdict is OnReport.REPEATED]
    before = _repeated(connection, repeated)
    settled = settle(connection, cases, batch, services.clock.now_us(connection), services.settings.strikes)
    unknown = (Receipt(attempt_id=id_, state="unknown") for id_ in named if id_ not in mine)
    receipts = {each.attempt_id: each for each in (*unknown, *before, *settled.receipts)}
    return _Answer(receipts, settled.topics)


def _mine(
    connection: Connection, named: Mapping[int, AttemptReport], device_id: int, key: bytes
) -> Mapping[int, Row[Any]]:
    """Whoever does not know an attempt's secret learns nothing of it, not even that it is there."""
    rows = reports.find(connection, named, device_id)
    return {id_: row for id_, row in rows.items() if opens(named[id_].secret, key, row)}


def _cases(
    rows: Mapping[int, Row[Any]],
    outcomes: Mapping[int, Outcome],
    verdicts: Mapping[int, OnReport],
    wanted: OnReport,
) -> list[Case]:
    return [Case(row, outcomes[id_]) for id_, row in rows.items() if verdicts[id_] is wanted]


def _files(
    connection: Connection, rows: Mapping[int, Row[Any]], named: Mapping[int, AttemptReport]
) -> Mapping[int, bytes]:
    """Of recipes, the sha256 of the file that was built first, by artifact id: these may be the first."""
    built = [
        BuiltFile(row.artifact_id, bytes.fromhex(network.sha256), network.size_bytes)
        for id_, row in rows.items()
        if row.artifact_state == ArtifactState.RECIPE
        and isinstance(outcome := named[id_].outcome, Measured)
        and _SHA256.fullmatch((network := outcome.measurement.network).sha256)
    ]
    return learn(connection, built)


def _standing(row: Row[Any]) -> Standing:
    return Standing(AttemptState(row.state), JobState(row.job_state), row.number, row.newest, over=False)


def _repeated(connection: Connection, rows: Sequence[Row[Any]]) -> Iterable[Receipt]:
    """The receipts that were given before, made again from what was stored."""
    ids = reports.measurement_ids(connection, rows)
    for row in rows:
        superseded = row.state == AttemptState.SUPERSEDED
        failed = row.failure is not None and not superseded
        yield Receipt(
            attempt_id=row.id,
            state="superseded" if superseded else "accepted",
            measurement_id=ids.get(row.id),
            failure_kind=FailureDocument.model_validate_json(row.failure).kind if failed else None,
            retry=failed and not _ended_its_job(row),
        )


def _ended_its_job(row: Row[Any]) -> bool:
    by_it = row.number == row.newest and row.job_failure == row.failure
    return JobState(row.job_state) is JobState.FAILED and bool(by_it)
