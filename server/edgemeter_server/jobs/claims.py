"""The claim, in SQL: up to K pending jobs of one target become leases of one session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from edgemeter.protocols import SURVEY
from edgemeter.wire.requests import JobState
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.database.metadata import Key, Microseconds
from edgemeter_server.devices.tables import device_targets, devices, targets
from edgemeter_server.devices.targets import offered
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
#: Jobs of one claim that are not surveys.
MOST_THOROUGH = 16
#: A column for a statement before those that read the queue: until the transaction ends PostgreSQL then reads
#: it by its index, hence in order. Where its statistics are older than the queue it expects no pending job,
#: and would collect them all for each claim and sort them: a third of a second for a hundred thousand.
IN_ORDER = func.set_config("enable_bitmapscan", "off", True)


@dataclass(frozen=True, slots=True)
class Claimant:
    """A session, and a claim of it."""

    session_id: int
    device_id: int
    claim_id: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The job that comes first of those the session can do, and what it offers for its target.

    `granted`: the claim holds leases already, so that this is its repetition.
    """

    target_id: int
    revision_id: int
    tries: int
    protocol: str
    granted: bool


class LeaseRow(NamedTuple):
    """A live lease, with what tells its job."""

    id: int
    job_id: int
    claim_id: bytes
    number: int
    expires_us: int
    sha256: bytes
    size_bytes: int
    format: str
    name: str | None
    target: str
    document: str
    protocol_digest: bytes
    builds: str | None  #: None, as all that follows, for a file
    kind: str
    text: str
    precision: str
    batch: int
    file_sha256: bytes | None
    epoch: int


def leases(connection: Connection, claimant: Claimant, now_us: int) -> Sequence[LeaseRow]:
    """The live leases that this claim has got."""
    return [LeaseRow(*row) for row in connection.execute(_LEASES, _values(claimant, now_us))]


def head(connection: Connection, claimant: Claimant, now_us: int) -> Head | None:
    """Among what the session offers, the target with the most urgent job that it can do, then the oldest."""
    row = connection.execute(_HEAD, _values(claimant, now_us)).first()
    return None if row is None else Head(*row)


def take(
    connection: Connection, claimant: Claimant, first: Head, up_to: int, times_us: tuple[int, int]
) -> None:
    """Takes pending jobs of the target of `first`, in their order, but for those that another takes just now:
    each has a live attempt now, from and to `times_us`. After `head` in the same transaction.

    A job that was charged with a failure before is taken alone: what kills agents does not take others along.
    Of thorough measurements few are taken at once: they take long, and other devices may be idle.
    """
    up_to = up_to if first.protocol.startswith(SURVEY.name) else min(up_to, MOST_THOROUGH)
    values = _values(claimant, times_us[0])
    chosen = {"target": first.target_id, "revision": first.revision_id, "expires_us": times_us[1]}
    limits = {"up_to": 1, "most_tries": _ANY} if first.tries else {"up_to": up_to, "most_tries": 0}
    connection.execute(_BEGIN, values | chosen | limits)
    connection.execute(_RUN, values)


def read_in_order(connection: Connection) -> None:
    """For a transaction that begins by reading the queue."""
    if connection.dialect.name == "postgresql":
        connection.execute(_READ_IN_ORDER)


def _values(claimant: Claimant, now_us: int) -> dict[str, Any]:
    return {
        "session_id": claimant.session_id,
        "device_id": claimant.device_id,
        "claim_id": claimant.claim_id,
        "now_us": now_us,
    }


def due(target_id: ColumnElement[int], now_us: ColumnElement[int] | int) -> tuple[ColumnElement[bool], ...]:
    """What of a target may be claimed: pending, not backing off, not too late."""
    in_time = or_(jobs.c.deadline_us.is_(None), jobs.c.deadline_us > now_us)
    return PENDING, jobs.c.target_id == target_id, jobs.c.not_before_us <= now_us, in_time


_NOW = bindparam("now_us", type_=Microseconds())
_SESSION = bindparam("session_id", type_=Key)
_DEVICE = bindparam("device_id", type_=Key)
_CLAIM = bindparam("claim_id", type_=attempts.c.claim_id.type)
_CAN_BUILD = can_build(_SESSION)
_ORDER = (jobs.c.priority.desc(), jobs.c.id)
#: Live attempts of one claim.
_GRANTED = (attempts.c.session_id == _SESSION, attempts.c.claim_id == _CLAIM, LIVE)
_IN_TIME = attempts.c.expires_us > _NOW
_READ_IN_ORDER = select(IN_ORDER)


def _head() -> Select[Any]:
    offer = device_targets
    first = select(jobs.c.id).where(*due(offer.c.target_id, _NOW), _CAN_BUILD).order_by(*_ORDER).limit(1)
    best = jobs.alias("best")
    return (
        select(
            offer.c.target_id,
            offer.c.revision_id,
            best.c.tries,
            specs.c.protocol,
            exists().where(*_GRANTED, _IN_TIME).label("granted"),
        )
        .select_from(offer)
        .join(devices, devices.c.id == offer.c.device_id)
        .join(best, best.c.id == first.correlate(offer).scalar_subquery())
        .join(specs, specs.c.id == best.c.spec_id)
        .where(*offered(_DEVICE, _SESSION))
        .order_by(best.c.priority.desc(), best.c.id)
        .limit(1)
    )


def _begin(*which: ColumnElement[bool]) -> Insert:
    chosen = (
        select(jobs.c.id, (jobs.c.attempts + 1).label("number"))
        .where(*which)
        .order_by(*_ORDER)
        .limit(bindparam("up_to"))
        .with_for_update(of=jobs, skip_locked=True)
        .subquery("chosen")
    )
    row = {
        "job_id": chosen.c.id,
        "session_id": _SESSION,
        "device_id": _DEVICE,
        "revision_id": bindparam("revision", type_=Key),
        "claim_id": _CLAIM,
        "number": chosen.c.number,
        "state": literal_column(f"'{AttemptState.LIVE}'"),
        "started_us": _NOW,
        "expires_us": bindparam("expires_us", type_=Microseconds()),
    }
    return insert(attempts).from_select(list(row), select(*row.values()))


# Made once: every claim executes them. Parameters are plain ones, as a list is expanded at each execution.
_HEAD = _head()
_BEGIN = _begin(
    *due(bindparam("target", type_=Key), _NOW), jobs.c.tries <= bindparam("most_tries"), _CAN_BUILD
)
_RUN = (
    update(jobs)
    .where(jobs.c.id.in_(select(attempts.c.job_id).where(*_GRANTED)), PENDING)
    .values(state=job_after(JobState.PENDING, JobEvent.CLAIMED), attempts=jobs.c.attempts + 1)
)
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
    .where(*_GRANTED, _IN_TIME)
    .order_by(*_ORDER)
)
