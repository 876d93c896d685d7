"""An admin's word: a device's health and name, and which of its targets are approved."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select, update

from edgemeter.wire.base import Slug
from edgemeter.wire.devices import ApproveTargets, ChangeDevice, DeviceHealth
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access import audit
from edgemeter_server.devices import health, sessions
from edgemeter_server.devices.documents import no_such_device
from edgemeter_server.devices.tables import device_targets, devices, targets
from edgemeter_server.devices.trust import TRUSTED, at_word
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.topics import session_topic, target_topic


class Admin(NamedTuple):
    """Who says it, and when."""

    token_id: int
    name: str
    now_us: int


def change(connection: Connection, slug: str, message: ChangeDevice, admin: Admin) -> tuple[str, ...]:
    """Returns the topics to wake. Raises Refusal NOT_FOUND."""
    device_id = _id_of(connection, slug)
    if message.name is not None:
        _rename(connection, device_id, message.name, admin)
    if message.health is None:
        return ()
    before = health.trust_of(connection, device_id)
    after = at_word(before, DeviceHealth(message.health), message.reason or f"set by {admin.name}")
    health.store(connection, device_id, before, after, health.Cause(admin.now_us, admin.token_id))
    if after.health is DeviceHealth.RETIRED:
        return sessions.close_of_device(connection, device_id, admin.now_us)
    return _claims_to_wake(connection, device_id) if after.health in TRUSTED else ()


def approve(connection: Connection, slug: str, message: ApproveTargets, admin: Admin) -> tuple[str, ...]:
    """Returns the topics to wake. Raises Refusal NOT_FOUND, also for targets never offered."""
    device_id = _id_of(connection, slug)
    wanted = device_targets.c.device_id == device_id
    if message.targets is not None:
        wanted &= device_targets.c.target_id.in_(_ids_of(connection, device_id, set(message.targets)))
    approved = _approve(connection, wanted, admin.now_us)
    if not approved:
        return ()
    _tell(connection, device_id, sorted(approved.values()), admin)
    return (*_claims_to_wake(connection, device_id), *map(target_topic, approved))


def _approve(connection: Connection, wanted: ColumnElement[bool], now_us: int) -> dict[int, str]:
    """The targets that were not approved before: their slugs by id."""
    waiting = (
        update(device_targets)
        .where(wanted, device_targets.c.approved_us.is_(None))
        .values(approved_us=now_us)
        .returning(device_targets.c.target_id)
    )
    ids = connection.execute(waiting).scalars().all()
    named = select(targets.c.id, targets.c.slug).where(targets.c.id.in_(ids))
    return dict(connection.execute(named).all())


def _ids_of(connection: Connection, device_id: int, slugs: set[Slug]) -> list[int]:
    known = (
        select(targets.c.slug, targets.c.id)
        .join(device_targets, device_targets.c.target_id == targets.c.id)
        .where(device_targets.c.device_id == device_id, targets.c.slug.in_(slugs))
    )
    found = dict(connection.execute(known).all())
    if missing := slugs - set(found):
        raise Refusal(ProblemType.NOT_FOUND, f"the device does not offer {min(missing)}")
    return list(found.values())


def _tell(connection: Connection, device_id: int, slugs: list[str], admin: Admin) -> None:
    audit.record(
        connection,
        admin.now_us,
        "targets.approved",
        {"targets": slugs},
        token_id=admin.token_id,
        device_id=device_id,
    )


def _rename(connection: Connection, device_id: int, name: str, admin: Admin) -> None:
    connection.execute(update(devices).where(devices.c.id == device_id).values(name=name))
    detail = {"name": name}
    audit.record(
        connection, admin.now_us, "device.renamed", detail, token_id=admin.token_id, device_id=device_id
    )


def _claims_to_wake(connection: Connection, device_id: int) -> tuple[str, ...]:
    """A claim that waited while there was nothing for its device looks again."""
    session_id = sessions.live_of(connection, device_id)
    return () if session_id is None else (session_topic(session_id),)


def _id_of(connection: Connection, slug: str) -> int:
    found = connection.execute(select(devices.c.id).where(devices.c.slug == slug)).scalar()
    if found is None:
        raise no_such_device()
    return int(found)
