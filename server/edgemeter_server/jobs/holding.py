"""The session behind an agent's call, held still while what it may do is decided."""

from sqlalchemy import Connection, bindparam, select

from edgemeter.wire.problems import ProblemType
from edgemeter_server.database.metadata import Key
from edgemeter_server.devices.tables import agent_sessions, devices
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs import claims

# Locks both rows: claims of one device come one after the other, and never beside a new session of it.
_LOCK = (
    select(agent_sessions.c.seen_us)
    .select_from(devices.join(agent_sessions, agent_sessions.c.device_id == devices.c.id))
    .where(
        agent_sessions.c.id == bindparam("session_id", type_=Key),
        devices.c.id == bindparam("device_id", type_=Key),
        agent_sessions.c.closed_us.is_(None),
    )
    .with_for_update(key_share=True)
)
_HOLD = {"sqlite": _LOCK, "postgresql": _LOCK.add_columns(claims.IN_ORDER)}


def hold_session(connection: Connection, session_id: int, device_id: int) -> int:
    """When it was last heard of, in microseconds. What follows in the transaction reads the queue in order.

    Raises Refusal SESSION_CLOSED for what is not the device's live session.
    """
    values = {"session_id": session_id, "device_id": device_id}
    seen_us = connection.execute(_HOLD[connection.dialect.name], values).scalar()
    if seen_us is None:
        raise Refusal(ProblemType.SESSION_CLOSED, "this is not the device's live session; open a new one")
    return int(seen_us)
