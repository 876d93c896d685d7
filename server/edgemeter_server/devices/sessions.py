"""Agent sessions: one live session of each device, opened by its agent's process and ended by the next."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from edgemeter.wire.agents import PROTOCOL_VERSION, OpenSession
from edgemeter.wire.devices import DeviceHealth
from edgemeter.wire.problems import ProblemType
from edgemeter_server.database.metadata import Key, Microseconds
from edgemeter_server.devices.tables import agent_sessions, devices
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import attempts

#: `seen_us` moves no oftener: what is polled a hundred times a second costs no write each time.
SEEN_EVERY_US = 5_000_000


# Made once: agents' calls ask for them.
_LIVE = (
    select(devices.c.slug, devices.c.health)
    .join(agent_sessions, agent_sessions.c.device_id == devices.c.id)
    .where(
        agent_sessions.c.id == bindparam("session_id", type_=Key),
        devices.c.id == bindparam("device_id", type_=Key),
        agent_sessions.c.closed_us.is_(None),
    )
)
_SEEN = (
    update(agent_sessions)
    .where(
        agent_sessions.c.id == bindparam("session_id", type_=Key),
        agent_sessions.c.seen_us < bindparam("before_us", type_=Microseconds()),
    )
    .values(seen_us=bindparam("now_us"))
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    device_id: int
    device_slug: str
    health: DeviceHealth


def live_session(connection: Connection, session_id: int, device_id: int) -> SessionRow:
    """Raises Refusal SESSION_CLOSED for what is not the device's live session, whosever it is."""
    row = _live(connection, session_id, device_id)
    if row is None:
        raise Refusal(ProblemType.SESSION_CLOSED, "this is not the device's live session; open a new one")
    return SessionRow(session_id, device_id, row.slug, DeviceHealth(row.health))


def seen(connection: Connection, session_id: int, now_us: int) -> None:
    """Its agent was heard of."""
    values = {"session_id": session_id, "before_us": now_us - SEEN_EVERY_US, "now_us": now_us}
    connection.execute(_SEEN, values)


def told(connection: Connection, session_id: int, doing: str, now_us: int) -> None:
    """What its agent does with the leases that it holds."""
    own = update(agent_sessions).where(agent_sessions.c.id == session_id)
    connection.execute(own.values(doing=doing, doing_us=now_us))


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, the topics to wake for what the former one leaves, and whether it had been opened before."""

    session_id: int
    device_slug: str
    topics: tuple[str, ...] = ()
    repeated: bool = False


def start(connection: Connection, device_id: int, token_id: int, message: OpenSession, now_us: int) -> Opened:
    """Opens a session in the place of the device's former one, whose leases have then expired.

    Raises Refusal where the agent speaks another protocol, the device is retired, or the opening is late:
    another followed the session that it was to follow, or its own is over.
    """
    check_version(message.protocol_version)
    device = _locked(connection, device_id)
    if device.health == DeviceHealth.RETIRED:
        raise Refusal(ProblemType.CONFLICT, "this device is retired; an admin may set its health to unknown")
    newest = _newest(connection, device_id)
    if newest is not None and newest.opening_id == message.opening_id.bytes and newest.closed_us is None:
        return Opened(newest.id, device.slug, repeated=True)
    _check_not_late(newest, message)
    topics = _supersede(connection, device_id, now_us)
    values = {
        "device_id": device_id,
        "token_id": token_id,
        "agent_version": message.agent_version,
        "protocol_version": message.protocol_version,
        "opened_us": now_us,
        "seen_us": now_us,
        "opening_id": message.opening_id.bytes,
    }
    session_id = connection.execute(
        insert(agent_sessions).values(values).returning(agent_sessions.c.id)
    ).scalar_one()
    return Opened(session_id, device.slug, topics)


def check_version(protocol_version: int) -> None:
    if protocol_version < PROTOCOL_VERSION:
        advice = "upgrade the agent"
    elif protocol_version > PROTOCOL_VERSION:
        advice = "the agent is newer than the server: upgrade the server, or install an older agent"
    else:
        return
    detail = f"this server speaks version {PROTOCOL_VERSION} of the agent protocol, not {protocol_version}"
    raise Refusal(ProblemType.AGENT_TOO_OLD, f"{detail}; {advice}")


def close(connection: Connection, session_id: int, device_id: int, now_us: int) -> tuple[str, ...]:
    """Ends a session on its agent's word, or nothing where it has ended: leases are given back.

    Returns the topics to wake.
    """
    _locked(connection, device_id)
    if _live(connection, session_id, device_id) is None:
        return ()
    topics = attempts.release_session(connection, session_id, now_us)
    _end(connection, session_id, now_us)
    return (*topics, f"session:{session_id}")


def close_of_device(connection: Connection, device_id: int, now_us: int) -> tuple[str, ...]:
    """Ends the device's live session, if it has one, on an admin's word."""
    session_id = live_of(connection, device_id)
    return () if session_id is None else close(connection, session_id, device_id, now_us)


def live_of(connection: Connection, device_id: int) -> int | None:
    """The id of the device's live session."""
    live = select(agent_sessions.c.id).where(
        agent_sessions.c.device_id == device_id, agent_sessions.c.closed_us.is_(None)
    )
    return connection.execute(live).scalar()


def newest_of(connection: Connection, device_id: int) -> int | None:
    """The id of the device's newest session, live or over."""
    newest = _newest(connection, device_id)
    return None if newest is None else newest.id


def _newest(connection: Connection, device_id: int) -> Row[*tuple[Any, ...]] | None:
    columns = select(agent_sessions.c.id, agent_sessions.c.opening_id, agent_sessions.c.closed_us)
    own = columns.where(agent_sessions.c.device_id == device_id)
    return connection.execute(own.order_by(agent_sessions.c.id.desc()).limit(1)).one_or_none()


def _check_not_late(newest: Row[*tuple[Any, ...]] | None, message: OpenSession) -> None:
    # Whoever sent it may be gone, and what it would end may be at work.
    followed, named = (None, None) if newest is None else (newest.id, newest.opening_id)
    if message.follows != followed or message.opening_id.bytes == named:
        raise Refusal(ProblemType.SESSION_CLOSED, "this opening is late: the device had a session since")


def _supersede(connection: Connection, device_id: int, now_us: int) -> tuple[str, ...]:
    former = live_of(connection, device_id)
    if former is None:
        return ()
    topics = attempts.expire_session(connection, former, now_us)
    _end(connection, former, now_us)
    return (*topics, f"session:{former}")


def _end(connection: Connection, session_id: int, now_us: int) -> None:
    connection.execute(
        update(agent_sessions).where(agent_sessions.c.id == session_id).values(closed_us=now_us)
    )


def _live(connection: Connection, session_id: int, device_id: int) -> Row[*tuple[Any, ...]] | None:
    return connection.execute(_LIVE, {"session_id": session_id, "device_id": device_id}).one_or_none()


def _locked(connection: Connection, device_id: int) -> Row[*tuple[Any, ...]]:
    # Two processes of one agent may open a session at the same time: one after the other.
    wanted = select(devices.c.slug, devices.c.health).where(devices.c.id == device_id)
    return connection.execute(wanted.with_for_update(key_share=True)).one()
