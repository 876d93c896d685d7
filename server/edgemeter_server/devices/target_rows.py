"""Targets as they are listed: who offers them, what waits for them, what is known of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal_column, select

from edgemeter.wire.devices import TargetRow
from edgemeter.wire.problems import ProblemType
from edgemeter_server.devices.documents import Moment
from edgemeter_server.devices.tables import agent_sessions, device_targets, devices, target_revisions, targets
from edgemeter_server.devices.trust import TRUSTED
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.tables import jobs
from edgemeter_server.measurements.tables import measurements

_COLUMNS = (targets.c.id, targets.c.slug, targets.c.formats)


def target_row(connection: Connection, slug: str, moment: Moment) -> TargetRow:
    """Raises Refusal NOT_FOUND."""
    rows = connection.execute(select(*_COLUMNS).where(targets.c.slug == slug)).all()
    if not rows:
        raise Refusal(ProblemType.NOT_FOUND, "there is no such target; GET /v1/targets lists them")
    return _rows(connection, rows, moment)[0][1]


def target_rows(
    connection: Connection, before_id: int, limit: int, moment: Moment
) -> list[tuple[int, TargetRow]]:
    """Newest first, each with its id."""
    page = select(*_COLUMNS).where(targets.c.id < before_id).order_by(targets.c.id.desc()).limit(limit)
    return _rows(connection, connection.execute(page).all(), moment)


def available_targets(connection: Connection, ids: Sequence[int], moment: Moment) -> frozenset[int]:
    """Those that a job would be measured on now: a live agent of a trusted device offers them, approved."""
    return frozenset(_offering(connection, ids, moment)[1])


def _rows(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], moment: Moment
) -> list[tuple[int, TargetRow]]:
    ids = [row.id for row in rows]
    newest = _by_target(connection, target_revisions.c.target_id, ids, func.max(target_revisions.c.number))
    pending = _by_target(connection, jobs.c.target_id, ids, func.count(), _PENDING)
    measured = _by_target(connection, measurements.c.target_id, ids, func.count())
    offering, available = _offering(connection, ids, moment)
    return [
        (
            row.id,
            TargetRow(
                slug=row.slug,
                revision=newest[row.id],
                formats=tuple(row.formats.split(",")) if row.formats else (),
                devices=tuple(offering[row.id]),
                available=row.id in available,
                pending_jobs=pending.get(row.id, 0),
                measurements=measured.get(row.id, 0),
            ),
        )
        for row in rows
    ]


#: A literal, as in the partial index that serves it.
_PENDING = jobs.c.state == literal_column("'pending'")


def _by_target(
    connection: Connection,
    target_id: ColumnElement[int],
    ids: Sequence[int],
    figure: ColumnElement[int],
    *conditions: ColumnElement[bool],
) -> dict[int, int]:
    figures = select(target_id, figure).where(target_id.in_(ids), *conditions).group_by(target_id)
    return dict(connection.execute(figures).all())


def _offering(
    connection: Connection, ids: Sequence[int], moment: Moment
) -> tuple[defaultdict[int, list[str]], set[int]]:
    """The devices of each target, by slug, and the targets that a job would be measured on now."""
    slugs: defaultdict[int, list[str]] = defaultdict(list)
    available = set()
    for row in connection.execute(_offers(ids)):
        slugs[row.target_id].append(row.slug)
        heard = row.seen_us is not None and moment.silent_s(row.seen_us) <= moment.session_lost_s
        if heard and row.approved_us is not None and row.health in TRUSTED:
            available.add(row.target_id)
    return slugs, available


def _offers(ids: Sequence[int]) -> Select[Any]:
    # The session that last offered it, while it is open: a later one of the device offers it no more.
    offering = (agent_sessions.c.id == device_targets.c.session_id) & agent_sessions.c.closed_us.is_(None)
    columns = (device_targets.c.target_id, device_targets.c.approved_us, devices.c.slug, devices.c.health)
    return (
        select(*columns, agent_sessions.c.seen_us)
        .join(devices, devices.c.id == device_targets.c.device_id)
        .outerjoin(agent_sessions, offering)
        .where(device_targets.c.target_id.in_(ids))
        .order_by(devices.c.slug)
    )
