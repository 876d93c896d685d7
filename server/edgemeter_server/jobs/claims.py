"""The claim, in SQL: up to K pending jobs of one target become leases of one session."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    and_,
    bindparam,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from edgemeter.wire.requests import JobState
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.database.metadata import Key, Microseconds
from edgemeter_server.devices.tables import targets
from edgemeter_server.devices.targets import ClaimableTarget
from edgemeter_server.jobs.attempts import LIVE
from edgemeter_server.jobs.lease_secret import EPOCH
from edgemeter_server.jobs.tables import attempts, jobs, specs
from edgemeter_server.jobs.transitions import AttemptState, JobEvent, job_after
from edgemeter_server.recipes import leasing
from edgemeter_server.recipes.repository import can_build
from edgemeter_server.recipes.tables import recipes

#: A literal, as in the partial index that serves the claim.
PENDING = jobs.c.state == literal_column("'pending'")
_ANY = 1 << 30


@dataclass(frozen=True, slots=True)
class Claimant:
    """A session, and a claim of it."""

    session_id: int
    device_id: int
    claim_id: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The job that comes first, and its target. It is one that `session_id` can do."""

    session_id: int
    target_id: int
    tries: int


def leases(connection: Connection, claimant: Claimant, now_us: int) -> Sequence[Row[Any]]:
    """The live leases that this claim has got, with what tells their jobs."""
    values = {"session_id": claimant.session_id, "claim_id": claimant.claim_id, "now_us": now_us}
    return connection.execute(_LEASES, values).all()


def head(connection: Connection, session_id: int, target_ids: Collection[int], now_us: int) -> Head | None:
    """Among several targets, the one with the most urgent job that the session can do, then the oldest."""
    if not target_ids:
        return None
    values = {"target_ids": list(target_ids), "now_us": now_us, "session": session_id}
    row = connection.execute(_HEAD, values).first()
    return None if row is None else Head(session_id, *row)


def take(connection: Connection, first: Head, up_to: int, now_us: int) -> list[int]:
    """Takes pending jobs of the target of `first`, in their order, but for those that another takes just now.

    A job that was charged with a failure before is taken alone: what kills agents does not take others along.
    """
    values = {"target": first.target_id, "now_us": now_us, "session": first.session_id}
    limits = {"up_to": 1, "most_tries": _ANY} if first.tries else {"up_to": up_to, "most_tries": 0}
    return list(connection.execute(_TAKE, {**values, **limits}).scalars())


def begin(
    connection: Connection,
    claimant: Claimant,
    target: ClaimableTarget,
    job_ids: Sequence[int],
    times_us: tuple[int, int],
) -> None:
    """A live attempt of each job that was taken, from and to `times_us`."""
    values = {
        "session": claimant.session_id,
        "device": claimant.device_id,
        "claim": claimant.claim_id,
        "revision": target.revision_id,
        "now_us": times_us[0],
        "expires_us": times_us[1],
        "job_ids": list(job_ids),
    }
    connection.execute(_BEGIN, values)


def due(target_id: ColumnElement[int], now_us: ColumnElement[int] | int) -> tuple[ColumnElement[bool], ...]:
    """What of a target may be claimed: pending, not backing off, not too late."""
    in_time = or_(jobs.c.deadline_us.is_(None), jobs.c.deadline_us > now_us)
    return PENDING, jobs.c.target_id == target_id, jobs.c.not_before_us <= now_us, in_time


_NOW = bindparam("now_us", type_=Microseconds())
_CAN_BUILD = can_build(bindparam("session", type_=Key))
_ORDER = (jobs.c.priority.desc(), jobs.c.id)


def _head() -> Select[Any]:
    first = select(jobs.c.id).where(*due(targets.c.id, _NOW), _CAN_BUILD).order_by(*_ORDER).limit(1)
    best = jobs.alias("best")
    return (
        select(best.c.target_id, best.c.tries)
        .select_from(targets)
        .join(best, best.c.id == first.correlate(targets).scalar_subquery())
        .where(targets.c.id.in_(bindparam("target_ids", expanding=True)))
        .order_by(best.c.priority.desc(), best.c.id)
        .limit(1)
    )


def _begin() -> Insert:
    row = {
        "job_id": jobs.c.id,
        "session_id": bindparam("session", type_=Key),
        "device_id": bindparam("device", type_=Key),
        "revision_id": bindparam("revision", type_=Key),
        "claim_id": bindparam("claim", type_=attempts.c.claim_id.type),
        "number": jobs.c.attempts,
        "state": literal_column(f"'{AttemptState.LIVE}'"),
        "started_us": _NOW,
        "expires_us": bindparam("expires_us", type_=Microseconds()),
    }
    taken = select(*row.values()).where(jobs.c.id.in_(bindparam("job_ids", expanding=True)))
    return insert(attempts).from_select(list(row), taken.order_by(*_ORDER))


_HEAD = _head()
_CHOSEN = (
    select(jobs.c.id)
    .where(*due(bindparam("target", type_=Key), _NOW), jobs.c.tries <= bindparam("most_tries"), _CAN_BUILD)
    .order_by(*_ORDER)
    .limit(bindparam("up_to"))
    .with_for_update(of=jobs, skip_locked=True)
    .cte("chosen")
)
_TAKE = (
    update(jobs)
    .where(jobs.c.id.in_(select(_CHOSEN.c.id)), PENDING)
    .values(state=job_after(JobState.PENDING, JobEvent.CLAIMED), attempts=jobs.c.attempts + 1)
    .returning(jobs.c.id)
)
_BEGIN = _begin()
_LEASES: Select[Any] = (
    select(
        attempts.c.id,
        attempts.c.job_id,
        attempts.c.claim_id,
        attempts.c.number,
        attempts.c.expires_us,
        artifacts.c.sha256,
        artifacts.c.size_bytes,
        artifacts.c.format,
        project_artifacts.c.name,
        targets.c.slug.label("target"),
        specs.c.document,
        specs.c.protocol_digest,
        *leasing.COLUMNS,
        EPOCH,
    )
    .join(jobs, jobs.c.id == attempts.c.job_id)
    .join(targets, targets.c.id == jobs.c.target_id)
    .join(specs, specs.c.id == jobs.c.spec_id)
    .join(artifacts, artifacts.c.id == jobs.c.artifact_id)
    .outerjoin(recipes, recipes.c.artifact_id == jobs.c.artifact_id)
    # What a private project calls its files is its own.
    .outerjoin(projects, and_(projects.c.id == jobs.c.project_id, projects.c.private.is_(False)))
    .outerjoin(
        project_artifacts,
        and_(
            project_artifacts.c.project_id == projects.c.id,
            project_artifacts.c.artifact_id == jobs.c.artifact_id,
        ),
    )
    .where(
        attempts.c.session_id == bindparam("session_id", type_=Key),
        attempts.c.claim_id == bindparam("claim_id", type_=attempts.c.claim_id.type),
        attempts.c.expires_us > _NOW,
        LIVE,
    )
    .order_by(jobs.c.priority.desc(), jobs.c.id)
)
