"""The health of devices, stored. What changes it is decided in trust.py; every change is audited."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from edgemeter.wire.devices import DeviceHealth
from edgemeter_server.access import audit
from edgemeter_server.database.metadata import Key
from edgemeter_server.devices.tables import devices
from edgemeter_server.devices.trust import Trust, after_failure, after_success
from edgemeter_server.jobs.tables import attempts
from edgemeter_server.settings import Settings

REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """What changes a device's health: an attempt, or an admin's token."""

    now_us: int
    token_id: int | None = None


def strike(
    connection: Connection,
    device_id: int,
    now_us: int,
    reason: str,
    *,
    attempt_id: int | None = None,
    limit: int = Settings.model_fields["strikes"].default,
) -> None:
    """A failure that was the device's own. Pass `limit` from the settings.

    With `attempt_id`, a job strikes a device once: what fails again and again may be the job's fault.
    """
    if attempt_id is not None and _struck_before(connection, device_id, attempt_id):
        return
    before = trust_of(connection, device_id)
    store(connection, device_id, before, after_failure(before, limit, reason), Cause(now_us))


# Made once: agents report many times a second.
_PROVEN = select(devices.c.id).where(
    devices.c.id == bindparam("device_id", type_=Key),
    devices.c.health == DeviceHealth.GOOD,
    devices.c.strikes == 0,
)


def clear(connection: Connection, device_id: int, now_us: int) -> None:
    """A success: no strikes any more, and an unknown device is good. Cheap where nothing changes."""
    if connection.execute(_PROVEN, {"device_id": device_id}).first() is None:
        before = trust_of(connection, device_id)
        store(connection, device_id, before, after_success(before), Cause(now_us))


def trust_of(connection: Connection, device_id: int) -> Trust:
    """Locks the row: two changes at once must not forget one another."""
    columns = (devices.c.health, devices.c.strikes, devices.c.health_reason)
    row = connection.execute(
        select(*columns).where(devices.c.id == device_id).with_for_update(key_share=True)
    ).one()
    return Trust(DeviceHealth(row.health), row.strikes, row.health_reason)


def store(connection: Connection, device_id: int, before: Trust, after: Trust, cause: Cause) -> None:
    if after == before:
        return
    reason = after.reason[:REASON_LIMIT]
    values: dict[str, Any] = {"health": after.health, "strikes": after.strikes, "health_reason": reason}
    connection.execute(update(devices).where(devices.c.id == device_id).values(values))
    if after.health != before.health:
        detail = {"from": before.health, "to": after.health, "reason": reason}
        audit.record(
            connection,
            cause.now_us,
            "device.health",
            detail,
            token_id=cause.token_id,
            device_id=device_id,
        )


def _struck_before(connection: Connection, device_id: int, attempt_id: int) -> bool:
    job_id = select(attempts.c.job_id).where(attempts.c.id == attempt_id).scalar_subquery()
    earlier = select(func.count()).where(
        attempts.c.job_id == job_id,
        attempts.c.device_id == device_id,
        attempts.c.id != attempt_id,
        attempts.c.charged == "device",
    )
    return connection.execute(earlier).scalar_one() > 0
