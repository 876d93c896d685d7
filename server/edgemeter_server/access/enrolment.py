"""A one-time token becomes the token of one device's agent."""

from sqlalchemy import Connection, insert, select, update

from edgemeter.wire.access import Role
from edgemeter.wire.agents import Enrol, Enrolled
from edgemeter.wire.devices import DeviceHealth
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access import audit, repository, tokens
from edgemeter_server.access.tables import tokens as table
from edgemeter_server.devices.tables import devices
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal


def enrol(connection: Connection, caller: Caller, message: Enrol, now_us: int) -> Enrolled:
    """Uses the caller's token up, in the unit that makes the agent's: both happen or neither.

    A token that names a device makes that device or takes it over, and then its former agents' tokens
    end. One that names none makes a new device only: whoever has it must not get at another's.
    The agent's token lasts until it is revoked.
    """
    bound_to = _use_up(connection, caller.token_id, now_us)
    if bound_to is not None and bound_to != message.device:
        raise Refusal(ProblemType.FORBIDDEN, "this enrolment token is for another device")
    device_id = _device(connection, message, bound_to, now_us)
    repository.revoke_agents(connection, device_id, now_us)
    token_id, text = tokens.issue(
        connection, f"agent of {message.device}", Role.AGENT, device_id=device_id, now_us=now_us
    )
    detail = {"device": message.device, "token": token_id}
    audit.record(connection, now_us, "device.enrolled", detail, token_id=caller.token_id, device_id=device_id)
    return Enrolled(device=message.device, token=text)


def _use_up(connection: Connection, token_id: int, now_us: int) -> str | None:
    """The device it is bound to. Of two that use it at once, one is refused."""
    unused = update(table).where(table.c.id == token_id, repository.in_force(now_us))
    row = connection.execute(unused.values(revoked_us=now_us).returning(table.c.device_slug)).first()
    if row is None:
        raise Refusal(ProblemType.UNAUTHENTICATED, "this enrolment token has been used, or is too old")
    bound_to: str | None = row.device_slug
    return bound_to


def _device(connection: Connection, message: Enrol, bound_to: str | None, now_us: int) -> int:
    found = connection.execute(select(devices.c.id).where(devices.c.slug == message.device)).scalar()
    if found is None:
        return _new_device(connection, message, now_us)
    if bound_to is None:
        raise Refusal(
            ProblemType.CONFLICT, "there is a device of that name: ask for an enrolment token that names it"
        )
    return int(found)


def _new_device(connection: Connection, message: Enrol, now_us: int) -> int:
    row = insert(devices).values(
        slug=message.device,
        name=message.name or message.device,
        description="{}",
        health=DeviceHealth.UNKNOWN.value,
        health_reason="new",
        strikes=0,
        created_us=now_us,
    )
    return int(connection.execute(row.returning(devices.c.id)).scalar_one())
