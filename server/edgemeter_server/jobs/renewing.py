"""Renewing: each lease is renewed, cancelled or lost."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from edgemeter.wire.agents import Renew, Renewal, Renewed
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.requests import JobState
from edgemeter_server import faults
from edgemeter_server.database.among import among
from edgemeter_server.database.metadata import Key, Microseconds
from edgemeter_server.devices import sessions
from edgemeter_server.http.problems import Refusal
from edgemeter_server.jobs.attempts import LIVE, stop
from edgemeter_server.jobs.lease_secret import EPOCH, opens
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.jobs.transitions import AttemptState, Standing, on_renewal
from edgemeter_server.services import Services

State = Literal["renewed", "cancelled", "lost"]

_MINE: Select[Any] = (
    select(
        attempts.c.id,
        attempts.c.claim_id,
        attempts.c.state,
        attempts.c.number,
        attempts.c.expires_us,
        jobs.c.state.label("job_state"),
        jobs.c.attempts,
        EPOCH,
    )
    .join(jobs, jobs.c.id == attempts.c.job_id)
    .where(
        attempts.c.session_id == bindparam("session_id", type_=Key),
        among(attempts.c.id, "ids"),
    )
)
_EXTEND = (
    update(attempts)
    .where(
        among(attempts.c.id, "ids"),
        attempts.c.expires_us > bindparam("now_us", type_=Microseconds()),
        LIVE,
    )
    .values(expires_us=bindparam("until_us"))
    .returning(attempts.c.id)
)


async def renew(services: Services, device_id: int, message: Renew) -> Renewed:
    """Raises Refusal SESSION_CLOSED, and LEASE_LOST where none of the leases is held."""

    def work(connection: Connection) -> Mapping[int, State]:
        states = _renew(services, connection, device_id, message)
        faults.point("renew.written")
        return states

    faults.point("renew.begin")
    states = await services.database.write(work)
    faults.point("renew.committed")
    renewals = (Renewal(attempt_id=held.attempt_id, state=states[held.attempt_id]) for held in message.leases)
    return Renewed(lease_s=services.settings.lease_s, leases=tuple(renewals))


def _renew(services: Services, connection: Connection, device_id: int, message: Renew) -> Mapping[int, State]:
    sessions.live_session(connection, message.session_id, device_id)
    now_us = services.clock.now_us(connection)
    sessions.seen(connection, message.session_id, now_us)
    if message.doing is not None:
        sessions.told(connection, message.session_id, message.doing, now_us)
    secrets = {held.attempt_id: held.secret for held in message.leases}
    rows = connection.execute(_MINE, {"session_id": message.session_id, "ids": secrets}).all()
    mine = [row for row in rows if opens(secrets[row.id], services.key, row)]
    found = {row.id: on_renewal(_standing(row, now_us)) for row in mine}
    stop(connection, [id_ for id_, state in found.items() if state == "cancelled"], now_us)
    until_us = now_us + round(services.settings.lease_s * 1e6)
    extended = _extend(
        connection, [id_ for id_, state in found.items() if state == "renewed"], now_us, until_us
    )
    states: dict[int, State] = {id_: found.get(id_, "lost") for id_ in secrets}
    # Another call may have ended one in between.
    states |= {id_: "lost" for id_, state in found.items() if state == "renewed" and id_ not in extended}
    if all(state == "lost" for state in states.values()):
        raise Refusal(ProblemType.LEASE_LOST, "none of these leases is held by this session: stop and forget")
    return states


def _standing(row: Row[Any], now_us: int) -> Standing:
    return Standing(
        AttemptState(row.state), JobState(row.job_state), row.number, row.attempts, row.expires_us <= now_us
    )


def _extend(connection: Connection, ids: Collection[int], now_us: int, until_us: int) -> frozenset[int]:
    if not ids:
        return frozenset()
    values = {"ids": ids, "now_us": now_us, "until_us": until_us}
    return frozenset(connection.execute(_EXTEND, values).scalars())
