"""Targets as other domains ask for them: by name, by what a session may claim, by what is current."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select

from edgemeter.targets import target_of
from edgemeter.wire.devices import DeviceHealth
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import FileKind
from edgemeter_server.database.metadata import Key
from edgemeter_server.devices.tables import device_targets, devices, target_revisions, targets
from edgemeter_server.devices.trust import TRUSTED
from edgemeter_server.http.problems import Refusal


def offered(device_id: ColumnElement[int], session_id: ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """Of `device_targets` joined with `devices`: what a session may get jobs for."""
    return (
        device_targets.c.device_id == device_id,
        device_targets.c.session_id == session_id,
        device_targets.c.approved_us.is_not(None),
        or_(*(devices.c.health == health for health in sorted(TRUSTED))),  # IN is expanded at each execution
    )


# Made once: every claim that waits asks for it.
_CLAIMABLE = (
    select(device_targets.c.target_id)
    .join(devices, devices.c.id == device_targets.c.device_id)
    .where(*offered(bindparam("device_id", type_=Key), bindparam("session_id", type_=Key)))
    .order_by(device_targets.c.target_id)
)


def claimable(connection: Connection, session_id: int, device_id: int) -> tuple[int, ...]:
    """The ids of the targets that this session may get jobs for."""
    values = {"session_id": session_id, "device_id": device_id}
    return tuple(connection.execute(_CLAIMABLE, values).scalars())


@dataclass(frozen=True, slots=True)
class KnownTarget:
    """A target that some device has offered; `kind` is what networks of spaces are written as for it."""

    id: int
    slug: str
    kind: FileKind


# Made once, as all that is asked for with every estimate.
_OF_SLUG = select(targets.c.id, targets.c.formats).where(targets.c.slug == bindparam("slug"))


def known_target(connection: Connection, slug: str) -> KnownTarget:
    """Raises Refusal NOT_FOUND for a target that no device ever offered."""
    found = connection.execute(_OF_SLUG, {"slug": slug}).first()
    target = target_of(slug)
    if found is None or target is None:
        raise Refusal(ProblemType.NOT_FOUND, "there is no such target; GET /v1/targets lists them")
    return KnownTarget(found.id, slug, FileKind.of(target, found.formats.split(",")))


def target_id(connection: Connection, slug: str) -> int:
    """Raises Refusal NOT_FOUND for a target that no device ever offered."""
    return known_target(connection, slug).id


def current_revisions(connection: Connection, target_id: int) -> frozenset[int]:
    """The revisions whose measurements answer: each approved device's newest, unless it is retired."""
    return frozenset(connection.execute(CURRENT_REVISIONS, {"target": target_id}).scalars())


def fingerprints(connection: Connection, target_id: int) -> dict[int, str]:
    """Of the current revisions, by their ids."""
    return {row.id: row.fingerprint for row in connection.execute(_FINGERPRINTS, {"target": target_id})}


#: A column of their ids, of the target that the statement around it is executed with as `target`.
CURRENT_REVISIONS = (
    select(device_targets.c.revision_id)
    .join(devices, devices.c.id == device_targets.c.device_id)
    .where(
        device_targets.c.target_id == bindparam("target"),
        device_targets.c.approved_us.is_not(None),
        devices.c.health != DeviceHealth.RETIRED,
    )
    .distinct()
)
_FINGERPRINTS = select(target_revisions.c.id, target_revisions.c.fingerprint).where(
    target_revisions.c.id.in_(CURRENT_REVISIONS)
)
