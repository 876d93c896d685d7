"""Claiming: takes jobs at once where there are any, else waits for some without holding anything."""

from collections.abc import Awaitable, Callable

from sqlalchemy import Connection

from edgemeter.wire.agents import Claim
from edgemeter_server import faults
from edgemeter_server.devices import sessions
from edgemeter_server.devices.targets import claimable
from edgemeter_server.jobs import claims
from edgemeter_server.jobs.claims import Claimant
from edgemeter_server.jobs.holding import hold_session
from edgemeter_server.jobs.lease_documents import Granted
from edgemeter_server.jobs.topics import session_topic, target_topic
from edgemeter_server.jobs.waiting import Patience, woken
from edgemeter_server.services import Services


async def claim(
    services: Services, device_id: int, message: Claim, gone: Callable[[], Awaitable[bool]]
) -> Granted:
    """Raises Refusal SESSION_CLOSED. A caller that is `gone` gets nothing: its lease would only run out."""
    patience = Patience(message.wait_s, services.wakeups)
    claimant = Claimant(message.session_id, device_id, message.claim_id.bytes)
    while True:
        granted = await _take_now(services, claimant, message.up_to)
        if granted.rows or not await _until_due(services, claimant, patience):
            return granted
        if await gone():
            return granted


async def _take_now(services: Services, claimant: Claimant, up_to: int) -> Granted:
    def work(connection: Connection) -> Granted:
        granted = _granted(services, connection, claimant, up_to)
        faults.point("claim.written")
        return granted

    faults.point("claim.begin")
    granted = await services.database.write(work)
    faults.point("claim.committed")
    return granted


def _granted(services: Services, connection: Connection, claimant: Claimant, up_to: int) -> Granted:
    seen_us = hold_session(connection, claimant.session_id, claimant.device_id)
    now_us = services.clock.now_us(connection)
    if seen_us < now_us - sessions.SEEN_EVERY_US:
        sessions.seen(connection, claimant.session_id, now_us)
    first = claims.head(connection, claimant, now_us)
    if first is not None and not first.granted:
        expires_us = now_us + round(services.settings.lease_s * 1e6)
        claims.take(connection, claimant, first, up_to, (now_us, expires_us))
    rows = claims.leases(connection, claimant, now_us)
    if not rows:
        return Granted((), services.settings.lease_s)
    return Granted(rows, (min(row.expires_us for row in rows) - now_us) / 1e6)


async def _until_due(services: Services, claimant: Claimant, patience: Patience) -> bool:
    """Waits until the session may claim something. False: the time is over, or the server is stopping.

    Nobody looks again on its own account here: the sweep wakes those whose targets have a job that is due.
    """

    session_id, device_id = claimant.session_id, claimant.device_id

    def targets_of(connection: Connection) -> tuple[int, ...]:
        sessions.live_session(connection, session_id, device_id)
        return claimable(connection, session_id, device_id)

    def is_due(connection: Connection) -> bool:
        sessions.live_session(connection, session_id, device_id)
        claims.read_in_order(connection)
        return claims.head(connection, claimant, services.clock.now_us(connection)) is not None

    while patience.left_s() > 0 and not services.wakeups.ended:
        offered = await services.database.read(targets_of)
        topics = [session_topic(session_id), *map(target_topic, offered)]
        async with services.wakeups.listen(topics) as event:
            if await services.database.read(is_due):
                return True
            await woken(event, patience.left_s())
    return False
