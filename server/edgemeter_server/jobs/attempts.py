"""Attempts that end because their session does, or because their time is over.

A job's row guards its attempts: whoever ends one locks both, in the order of the jobs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, literal_column, select, update

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire.requests import JobState
from edgemeter_server.database.metadata import Microseconds
from edgemeter_server.jobs.failing import Failing, Held, fail, text, topics
from edgemeter_server.jobs.policy import Charge
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.jobs.transitions import OPEN, AttemptEvent, AttemptState, attempt_after

#: A literal, as in the partial indexes that serve it.
LIVE = attempts.c.state == literal_column("'live'")

EXPIRED = FailureDocument(
    kind=FailureKind.LEASE_EXPIRED, message="the agent was not heard of for the time of a lease"
)
TAKEN_OVER = FailureDocument(
    kind=FailureKind.LEASE_EXPIRED, message="the agent started anew and left this attempt behind"
)
GIVEN_BACK = FailureDocument(
    kind=FailureKind.AGENT_SHUTDOWN, message="the agent stopped and gave this attempt back"
)
NOT_WANTED = FailureDocument(kind=FailureKind.CANCELLED, message="nobody wants the job any more")

_HELD = (attempts.c.id, jobs.c.id, attempts.c.device_id, jobs.c.target_id, attempts.c.state, jobs.c.state)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one bounded step ended, and the topics to wake after its commit."""

    rows: int
    topics: tuple[str, ...]


def expire_session(connection: Connection, session_id: int, now_us: int) -> tuple[str, ...]:
    """Another session took over the device: what this one holds has expired. Returns the topics to wake."""
    return _end(
        connection, _of_session(connection, session_id), AttemptEvent.EXPIRED, TAKEN_OVER, now_us
    ).topics


def release_session(connection: Connection, session_id: int, now_us: int) -> tuple[str, ...]:
    """The session was closed: what it holds is given back, charged to nobody. Returns the topics to wake."""
    return _end(
        connection, _of_session(connection, session_id), AttemptEvent.RELEASED, GIVEN_BACK, now_us
    ).topics


def expire_due(connection: Connection, now_us: int, limit: int) -> Swept:
    """Ends up to `limit` attempts whose lease ran out, but for those that somebody is working on just now."""
    due = connection.execute(_DUE, {"now_us": now_us, "limit": limit}).all()
    return _end(connection, due, AttemptEvent.EXPIRED, EXPIRED, now_us)


def stop(connection: Connection, held: Sequence[int], now_us: int) -> None:
    """Ends live attempts of a job that nobody wants any more: nobody pays."""
    values = {
        "state": attempt_after(AttemptState.LIVE, AttemptEvent.RELEASED),
        "ended_us": now_us,
        "charged": Charge.NOBODY,
        "failure": text(NOT_WANTED),
    }
    if held:
        connection.execute(update(attempts).where(attempts.c.id.in_(held), LIVE).values(values))


def _live(condition: ColumnElement[bool]) -> Select[Any]:
    joined = select(*_HELD).join(jobs, jobs.c.id == attempts.c.job_id)
    return joined.where(LIVE, condition).order_by(jobs.c.id)


# Made once: it is asked for every second.
_DUE = (
    _live(attempts.c.expires_us <= bindparam("now_us", type_=Microseconds()))
    .limit(bindparam("limit"))
    .with_for_update(of=[attempts, jobs], skip_locked=True)
)


def _of_session(connection: Connection, session_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    mine = _live(attempts.c.session_id == session_id).with_for_update(of=[attempts, jobs])
    return connection.execute(mine).all()


def _end(
    connection: Connection,
    rows: Sequence[Row[*tuple[Any, ...]]],
    event: AttemptEvent,
    failure: FailureDocument,
    now_us: int,
) -> Swept:
    held = [_held(*row) for row in rows]
    stop(connection, [each.attempt_id for each in held if each.job_state not in OPEN], now_us)
    failing = [Failing(each, event, failure) for each in held if each.job_state in OPEN]
    return Swept(len(rows), topics(failing, fail(connection, failing, now_us), now_us))


def _held(attempt_id: int, job_id: int, device_id: int, target_id: int, state: str, job_state: str) -> Held:
    return Held(attempt_id, job_id, device_id, target_id, AttemptState(state), JobState(job_state))
