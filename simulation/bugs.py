"""Planted bugs: each takes one protection away, and a run must notice: so the simulation is shown to bite."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from edgemeter.wire.agents import ReportBatch, Reported
from edgemeter_agents.daemon.events import WorkEnded
from edgemeter_server.devices import sessions
from edgemeter_server.jobs import attempts as ending
from edgemeter_server.jobs import (
    claiming,
    claims,
    idempotency,
    renewing,
    reporting,
    reports,
    requests,
    sweeping,
)
from edgemeter_server.jobs.attempts import Swept
from edgemeter_server.jobs.claims import Claimant
from edgemeter_server.jobs.lease_documents import Granted
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.jobs.transitions import OPEN, AttemptState, OnReport, Standing
from edgemeter_server.services import Services
from simulation.life import Life

#: What is replaced: its owner, its name, and how the bad one is made from the good one.
Change = tuple[object, str, Callable[[Any], Any]]


class _UndoneError(Exception):
    pass


def _renewed(_connection: object, ids: Collection[int], *_: int) -> frozenset[int]:
    return frozenset(ids)


def _counts(standing: Standing) -> OnReport:
    told = standing.attempt in (AttemptState.REPORTED, AttemptState.SUPERSEDED)
    if told:
        return OnReport.REPEATED
    return OnReport.COUNTS if standing.job in OPEN else OnReport.OVERTAKEN


def _of_any_device(good: Callable[..., Any]) -> Callable[..., Any]:
    def find(connection: Connection, ids: Collection[int], _device_id: int) -> dict[int, Row[Any]]:
        owners = select(attempts.c.device_id).where(attempts.c.id.in_(ids)).distinct()
        found: dict[int, Row[Any]] = {}
        for owner in connection.execute(owners).scalars():
            found |= good(connection, ids, owner)
        return found

    return find


def _new_name(good: Callable[..., Any]) -> Callable[..., Any]:
    numbers = count(1)

    async def take(services: Services, claimant: Claimant, up_to: int) -> Granted:
        renamed = replace(claimant, claim_id=next(numbers).to_bytes(16))
        granted: Granted = await good(services, renamed, up_to)
        return granted

    return take


def _lost_now_and_then(good: Callable[..., Any]) -> Callable[..., Any]:
    numbers = count(1)

    async def report(services: Services, device_id: int, batch: ReportBatch) -> Reported:
        if next(numbers) % 20:
            reported: Reported = await good(services, device_id, batch)
            return reported
        told: list[Any] = []

        def work(connection: Connection) -> None:
            told.append(reporting._report(services, connection, device_id, batch))
            raise _UndoneError

        with suppress(_UndoneError):
            await services.database.write(work)
        return Reported(receipts=tuple(told[0].receipts[each.attempt_id] for each in batch.reports))

    return report


def _forgets_the_job(_good: object) -> Callable[..., Swept]:
    def expire(connection: Connection, now_us: int, _limit: int) -> Swept:
        due = update(attempts).where(attempts.c.state == "live", attempts.c.expires_us <= now_us)
        ended = due.values(state=AttemptState.EXPIRED, ended_us=now_us, charged="job", failure="{}")
        return Swept(connection.execute(ended).rowcount, ())

    return expire


def _leaves_the_job(_good: object) -> Callable[..., None]:
    def finish(connection: Connection, done: Sequence[Row[Any]], now_us: int) -> None:
        mine = update(attempts).where(attempts.c.id.in_([row.id for row in done]))
        connection.execute(mine.values(state=AttemptState.REPORTED, ended_us=now_us))

    return finish


def _drops_at_once(good: Callable[..., Any]) -> Callable[..., Any]:
    async def ask(life: Any, call: Any, message: Any) -> Any:
        outcome = await good(life, call, message)
        if isinstance(message, ReportBatch) and not isinstance(outcome, Reported):
            life._agent.outbox.popleft()
            return Reported(receipts=())
        return outcome

    return ask


def _stops_in_word_only(life: Life) -> None:
    life.tell(WorkEnded())


def _leaves_an_orphan(life: Life) -> None:
    for task in list(life._tasks):
        if task is not life._work:
            task.cancel()


def _always(value: object) -> Callable[[Any], Any]:
    return lambda _good: lambda *_, **__: value


def _running_too(_good: Any) -> Any:
    return claims._begin(jobs.c.target_id == bindparam("target"), jobs.c.state.in_(("pending", "running")))


BUGS: Mapping[str, Sequence[Change]] = {
    "renew-ignores-expiry": (
        (renewing, "on_renewal", _always("renewed")),
        (renewing, "_extend", lambda _: _renewed),
    ),
    "report-ignores-secret": ((reporting, "opens", _always(True)),),
    "report-ignores-device": ((reports, "find", _of_any_device),),
    "report-ignores-newer-attempt": ((reporting, "on_report", lambda _: _counts),),
    "report-counts-again": ((reporting, "on_report", _always(OnReport.COUNTS)),),
    "report-leaves-job-open": ((reports, "finish", _leaves_the_job),),
    "receipt-without-commit": ((reporting, "report", _lost_now_and_then),),
    "claim-takes-running-jobs": ((claims, "_BEGIN", _running_too),),
    "claim-forgets-its-name": ((claiming, "_take_now", _new_name),),
    "sweep-forgets-to-requeue": ((sweeping, "expire_due", _forgets_the_job),),
    "takeover-leaves-attempts": ((ending, "expire_session", _always(())),),
    "late-opening-opens": ((sessions, "_check_not_late", _always(None)),),
    "idempotency-key-ignored": (
        (idempotency, "find", _always(None)),
        (idempotency, "store", _always(None)),
    ),
    "cancel-ignored": ((requests, "cancel", _always(())),),
    "agent-drops-reports": ((Life, "_ask", _drops_at_once),),
    "agent-measures-on": (
        (Life, "_stop_work", lambda _: _stops_in_word_only),
        (Life, "_die", lambda _: _leaves_an_orphan),
    ),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The bug is there for as long as this lasts."""
    with ExitStack() as undoing:
        for owner, attribute, make in BUGS[name]:
            good = getattr(owner, attribute)
            undoing.callback(setattr, owner, attribute, good)
            setattr(owner, attribute, make(good))
        yield
