"""Claiming: takes jobs at once where there are any, else waits for some without holding anything."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from edgemeter.wire.agents import Claim, Claimed, Lease
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.specs import JobSpec
from edgemeter_server import faults
from edgemeter_server.devices import sessions
from edgemeter_server.devices.targets import claimable
from edgemeter_server.jobs import claims
from edgemeter_server.jobs.claims import Claimant
from edgemeter_server.jobs.holding import hold_session
from edgemeter_server.jobs.lease_secret import lease_secret
from edgemeter_server.jobs.topics import session_topic, target_topic
from edgemeter_server.jobs.waiting import Patience, woken
from edgemeter_server.recipes.leasing import leased_recipe
from edgemeter_server.services import Services


async def claim(
    services: Services, device_id: int, message: Claim, gone: Callable[[], Awaitable[bool]]
) -> Claimed:
    """Raises Refusal SESSION_CLOSED. A caller that is `gone` gets nothing: its lease would only run out."""
    patience = Patience(message.wait_s, services.wakeups)
    while True:
        claimed = await _take_now(services, device_id, message)
        if claimed.leases or not await _until_due(services, device_id, message.session_id, patience):
            return claimed
        if await gone():
            return claimed


async def _take_now(services: Services, device_id: int, message: Claim) -> Claimed:
    claimant = Claimant(message.session_id, device_id, message.claim_id.bytes)

    def work(connection: Connection) -> Claimed:
        claimed = _claimed(services, connection, claimant, message.up_to)
        faults.point("claim.written")
        return claimed

    faults.point("claim.begin")
    claimed = await services.database.write(work)
    faults.point("claim.committed")
    return claimed


def _claimed(services: Services, connection: Connection, claimant: Claimant, up_to: int) -> Claimed:
    seen_us = hold_session(connection, claimant.session_id, claimant.device_id)
    now_us = services.clock.now_us(connection)
    if seen_us < now_us - sessions.SEEN_EVERY_US:
        sessions.seen(connection, claimant.session_id, now_us)
    rows = claims.leases(connection, claimant, now_us)
    if not rows and _begin(services, connection, claimant, up_to, now_us):
        rows = claims.leases(connection, claimant, now_us)
    if not rows:
        return Claimed(leases=(), lease_s=services.settings.lease_s)
    lease_s = (min(row.expires_us for row in rows) - now_us) / 1e6
    return Claimed.model_construct(leases=_documents(services.key, rows), lease_s=lease_s)


def _begin(services: Services, connection: Connection, claimant: Claimant, up_to: int, now_us: int) -> bool:
    offered = claimable(connection, claimant.session_id, claimant.device_id)
    targets = {target.target_id: target for target in offered}
    first = claims.head(connection, claimant.session_id, targets, now_us)
    taken = [] if first is None else claims.take(connection, first, up_to, now_us)
    if first is None or not taken:
        return False
    expires_us = now_us + round(services.settings.lease_s * 1e6)
    claims.begin(connection, claimant, targets[first.target_id], taken, (now_us, expires_us))
    return True


def _documents(key: bytes, rows: Sequence[Row[Any]]) -> tuple[Lease, ...]:
    specs = {text: JobSpec.model_validate_json(text) for text in {row.document for row in rows}}
    return tuple(
        Lease.model_construct(
            attempt_id=row.id,
            secret=lease_secret(key, row),
            job_id=row.job_id,
            number=row.number,
            target=row.target,
            artifact=_artifact(row),
            recipe=leased_recipe(row),
            spec=specs[row.document],
            protocol_digest=row.protocol_digest.hex(),
        )
        for row in rows
    )


def _artifact(row: Row[Any]) -> ArtifactReference:
    sha256 = row.sha256.hex()
    name = row.name or f"{sha256[:12]}.{row.format}"
    return ArtifactReference.model_construct(
        sha256=sha256, size_bytes=row.size_bytes, format=row.format, name=name
    )


async def _until_due(services: Services, device_id: int, session_id: int, patience: Patience) -> bool:
    """Waits until the session may claim something. False: the time is over, or the server is stopping.

    Nobody looks again on its own account here: the sweep wakes those whose targets have a job that is due.
    """

    def targets_of(connection: Connection) -> tuple[int, ...]:
        sessions.live_session(connection, session_id, device_id)
        return tuple(target.target_id for target in claimable(connection, session_id, device_id))

    def is_due(connection: Connection) -> bool:
        offered = targets_of(connection)
        return claims.head(connection, session_id, offered, services.clock.now_us(connection)) is not None

    while patience.left_s() > 0 and not services.wakeups.ended:
        offered = await services.database.read(targets_of)
        topics = [session_topic(session_id), *map(target_topic, offered)]
        async with services.wakeups.listen(topics) as event:
            if await services.database.read(is_due):
                return True
            await woken(event, patience.left_s())
    return False
