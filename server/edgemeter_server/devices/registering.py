"""Stores what a session offers: targets, their revisions, and what of them its device may be given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from edgemeter.wire.agents import OfferState
from edgemeter_server.access import audit
from edgemeter_server.devices.offers import CheckedOffer
from edgemeter_server.devices.tables import device_targets, target_revisions, targets


@dataclass(frozen=True, slots=True)
class Registrar:
    """The session that offers. With `auto_approve`, its targets need no admin."""

    device_id: int
    session_id: int
    now_us: int
    auto_approve: bool


class _Revision(NamedTuple):
    id: int
    number: int


def register(
    connection: Connection, registrar: Registrar, offers: Sequence[CheckedOffer]
) -> tuple[OfferState, ...]:
    """An approval is of a target on a device, and outlives its revisions: those only say which measurements
    are not reused. What a device offers no more stays known, and gets no jobs.
    """
    if not offers:
        return ()
    ids = _targets(connection, registrar, offers)
    revisions = _revisions(connection, registrar, {ids[offer.slug]: offer for offer in offers})
    approved = _device_targets(connection, registrar, {id_: own.id for id_, own in revisions.items()})
    _tell(connection, registrar, [slug for slug, id_ in ids.items() if id_ not in approved])
    return tuple(
        OfferState(
            slug=offer.slug,
            revision=revisions[ids[offer.slug]].number,
            approved=registrar.auto_approve or approved.get(ids[offer.slug], False),
        )
        for offer in offers
    )


def _targets(
    connection: Connection, registrar: Registrar, offers: Sequence[CheckedOffer]
) -> Mapping[str, int]:
    """The ids by slug. Their rows stay locked, so that two devices do not number a revision alike."""
    by_slug = {offer.slug: offer for offer in sorted(offers, key=lambda offer: offer.slug)}
    wanted = select(targets.c.id, targets.c.slug, targets.c.formats).where(targets.c.slug.in_(by_slug))
    known = {row.slug for row in connection.execute(wanted)}
    new = [_row(offer, registrar.now_us) for slug, offer in by_slug.items() if slug not in known]
    if new:
        connection.execute(_insert_new_target(connection), new)
    rows = connection.execute(wanted.order_by(targets.c.id).with_for_update()).all()
    for row in rows:
        if row.formats != by_slug[row.slug].formats:
            changed = update(targets).where(targets.c.id == row.id)
            connection.execute(changed.values(formats=by_slug[row.slug].formats))
    return {row.slug: row.id for row in rows}


def _row(offer: CheckedOffer, now_us: int) -> dict[str, object]:
    formats, document = offer.formats, offer.document
    return {"slug": offer.slug, "document": document, "formats": formats, "created_us": now_us}


def _insert_new_target(connection: Connection) -> postgresql.Insert | sqlite.Insert:
    # Another device may be offering the same new target at this very moment.
    if connection.dialect.name == "postgresql":
        return postgresql.insert(targets).on_conflict_do_nothing()
    return sqlite.insert(targets).on_conflict_do_nothing()


def _revisions(
    connection: Connection, registrar: Registrar, offers: Mapping[int, CheckedOffer]
) -> dict[int, _Revision]:
    """The revision that each target is offered as, by target id; a fingerprint never seen makes a new one."""
    known = select(target_revisions).where(
        target_revisions.c.target_id.in_(offers),
        target_revisions.c.fingerprint_digest.in_([offer.digest for offer in offers.values()]),
    )
    found = {
        row.target_id: _Revision(row.id, row.number)
        for row in connection.execute(known)
        if row.fingerprint_digest == offers[row.target_id].digest
    }
    missing = [id_ for id_ in offers if id_ not in found]
    newest = _newest(connection, missing) if missing else {}
    for id_ in missing:
        number = newest.get(id_, 0) + 1
        found[id_] = _Revision(_insert_revision(connection, registrar, id_, number, offers[id_]), number)
    return found


def _newest(connection: Connection, target_ids: Sequence[int]) -> dict[int, int]:
    newest = (
        select(target_revisions.c.target_id, func.max(target_revisions.c.number))
        .where(target_revisions.c.target_id.in_(target_ids))
        .group_by(target_revisions.c.target_id)
    )
    return dict(connection.execute(newest).all())


def _insert_revision(
    connection: Connection, registrar: Registrar, target_id: int, number: int, offer: CheckedOffer
) -> int:
    values = {
        "target_id": target_id,
        "number": number,
        "fingerprint_digest": offer.digest,
        "fingerprint": offer.fingerprint,
        "created_us": registrar.now_us,
    }
    added = insert(target_revisions).values(values).returning(target_revisions.c.id)
    return int(connection.execute(added).scalar_one())


def _device_targets(
    connection: Connection, registrar: Registrar, revisions: Mapping[int, int]
) -> dict[int, bool]:
    """Notes what is offered now. Returns what the device had offered before, and whether it was approved."""
    own = device_targets.c.device_id == registrar.device_id
    before = select(device_targets.c.target_id, device_targets.c.approved_us).where(
        own, device_targets.c.target_id.in_(revisions)
    )
    known = {id_: approved_us is not None for id_, approved_us in connection.execute(before)}
    approved_us = registrar.now_us if registrar.auto_approve else None
    offered = update(device_targets).where(own, device_targets.c.target_id == bindparam("known"))
    offered = offered.values(
        revision_id=bindparam("revision"),
        session_id=registrar.session_id,
        approved_us=func.coalesce(device_targets.c.approved_us, approved_us),
    )
    if known:
        connection.execute(offered, [{"known": id_, "revision": revisions[id_]} for id_ in known])
    new = [
        {
            "device_id": registrar.device_id,
            "target_id": id_,
            "revision_id": revision_id,
            "session_id": registrar.session_id,
            "approved_us": approved_us,
        }
        for id_, revision_id in revisions.items()
        if id_ not in known
    ]
    if new:
        connection.execute(insert(device_targets), new)
    return known


def _tell(connection: Connection, registrar: Registrar, new: Sequence[str]) -> None:
    if new:
        detail = {"targets": sorted(new), "approved": registrar.auto_approve}
        audit.record(connection, registrar.now_us, "targets.offered", detail, device_id=registrar.device_id)
