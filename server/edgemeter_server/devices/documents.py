"""Devices as they are shown: state, health, agent, targets. A few queries for a page of any length."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, literal_column, select

from edgemeter.wire.devices import AgentDocument, DeviceDocument, DeviceHealth, DeviceState, DeviceTarget
from edgemeter.wire.problems import ProblemType
from edgemeter_server.devices.tables import agent_sessions, device_targets, devices, target_revisions, targets
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant
from edgemeter_server.jobs.tables import attempts


@dataclass(frozen=True, slots=True)
class Moment:
    """When devices are looked at, and for how long an agent may be unheard of before it counts as offline."""

    now_us: int
    session_lost_s: float

    def silent_s(self, seen_us: int) -> float:
        return max(0, self.now_us - seen_us) / 1e6

    def state(self, seen_us: int | None, running: int) -> DeviceState:
        if seen_us is None or self.silent_s(seen_us) > self.session_lost_s:
            return DeviceState.OFFLINE
        return DeviceState.RUNNING if running else DeviceState.IDLE


class _Running(NamedTuple):
    """How many attempts of a session are live, and when the last of them began."""

    jobs: int
    since_us: int


_NOTHING = _Running(0, 0)


def device_document(connection: Connection, slug: str, moment: Moment) -> DeviceDocument:
    """Raises Refusal NOT_FOUND."""
    rows = connection.execute(_devices().where(devices.c.slug == slug)).all()
    if not rows:
        raise no_such_device()
    return _documents(connection, rows, moment)[0][1]


def device_documents(
    connection: Connection, before_id: int, limit: int, moment: Moment
) -> list[tuple[int, DeviceDocument]]:
    """Newest first, each with its id."""
    page = _devices().where(devices.c.id < before_id).order_by(devices.c.id.desc()).limit(limit)
    return _documents(connection, connection.execute(page).all(), moment)


def no_such_device() -> Refusal:
    return Refusal(ProblemType.NOT_FOUND, "there is no such device; GET /v1/devices lists them")


def _devices() -> Select[Any]:
    live = (devices.c.id == agent_sessions.c.device_id) & agent_sessions.c.closed_us.is_(None)
    session = (
        agent_sessions.c.id.label("session_id"),
        agent_sessions.c.agent_version,
        agent_sessions.c.opened_us,
        agent_sessions.c.seen_us,
        agent_sessions.c.doing,
        agent_sessions.c.doing_us,
    )
    return select(devices, *session).outerjoin(agent_sessions, live)


def _documents(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], moment: Moment
) -> list[tuple[int, DeviceDocument]]:
    offered = _offered(connection, {row.id: row.session_id for row in rows})
    running = _running(connection, [row.session_id for row in rows if row.session_id is not None])
    return [
        (row.id, _document(row, offered[row.id], running.get(row.session_id, _NOTHING), moment))
        for row in rows
    ]


def _document(
    row: Row[*tuple[Any, ...]], offered: Sequence[DeviceTarget], running: _Running, moment: Moment
) -> DeviceDocument:
    return DeviceDocument(
        slug=row.slug,
        name=row.name,
        state=moment.state(row.seen_us, running.jobs),
        health=DeviceHealth(row.health),
        health_reason=row.health_reason,
        created_at=instant(row.created_us),
        description=json.loads(row.description or "{}"),
        agent=None if row.session_id is None else _agent(row, running, moment),
        targets=tuple(offered),
        running_jobs=running.jobs,
    )


def _agent(row: Row[*tuple[Any, ...]], running: _Running, moment: Moment) -> AgentDocument:
    # What was told before was of other jobs.
    told = running.jobs and row.doing_us is not None and row.doing_us >= running.since_us
    return AgentDocument(
        session_id=row.session_id,
        version=row.agent_version,
        opened_at=instant(row.opened_us),
        seen_s=moment.silent_s(row.seen_us),
        doing=row.doing if told else None,
    )


def _offered(
    connection: Connection, sessions: Mapping[int, int | None]
) -> defaultdict[int, list[DeviceTarget]]:
    """What devices offer or offered, by the devices' ids."""
    columns = (device_targets, targets.c.slug, target_revisions.c.number)
    offers = (
        select(*columns)
        .join(targets, targets.c.id == device_targets.c.target_id)
        .join(target_revisions, target_revisions.c.id == device_targets.c.revision_id)
        .where(device_targets.c.device_id.in_(sessions))
        .order_by(targets.c.slug)
    )
    found: defaultdict[int, list[DeviceTarget]] = defaultdict(list)
    for row in connection.execute(offers):
        offered = DeviceTarget(
            slug=row.slug,
            revision=row.number,
            approved=row.approved_us is not None,
            offered=row.session_id == sessions[row.device_id],
        )
        found[row.device_id].append(offered)
    return found


def _running(connection: Connection, session_ids: Sequence[int]) -> dict[int, _Running]:
    """The attempts that are live, by session."""
    live = (
        select(attempts.c.session_id, func.count(), func.max(attempts.c.started_us))
        .where(attempts.c.state == literal_column("'live'"), attempts.c.session_id.in_(session_ids))
        .group_by(attempts.c.session_id)
    )
    return {session_id: _Running(*found) for session_id, *found in connection.execute(live)}
