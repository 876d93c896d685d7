"""Opening a session: who the agent is, what it offers, and what of that it may get jobs for."""

from collections.abc import Sequence

from sqlalchemy import Connection, update

from edgemeter.wire.agents import OpenSession, SessionOpened
from edgemeter.wire.problems import ProblemType
from edgemeter_server import faults
from edgemeter_server.devices import sessions
from edgemeter_server.devices.offers import CheckedOffer, canonical, checked
from edgemeter_server.devices.registering import Registrar, register
from edgemeter_server.devices.tables import devices
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.recipes.repository import store_builds
from edgemeter_server.services import Services

#: Renewals so much oftener than leases last: two of three may be lost.
RENEWALS_PER_LEASE = 3


async def open_session(services: Services, caller: Caller, message: OpenSession) -> SessionOpened:
    """Raises Refusal for another protocol, a retired device, a late opening, or an offer that lies."""
    sessions.check_version(message.protocol_version)
    offers = checked(message.offers)
    description = canonical(message.description)

    def work(connection: Connection) -> tuple[SessionOpened, tuple[str, ...]]:
        return _open(connection, services, caller, message, offers, description)

    faults.point("session.begin")
    opened, topics = await services.database.write(work)
    faults.point("session.committed")
    await services.wakeups.publish(topics)
    return opened


def _open(
    connection: Connection,
    services: Services,
    caller: Caller,
    message: OpenSession,
    offers: Sequence[CheckedOffer],
    description: str,
) -> tuple[SessionOpened, tuple[str, ...]]:
    device_id, now_us, settings = _device_of(caller), services.clock.now_us(connection), services.settings
    opened = sessions.start(connection, device_id, caller.token_id, message, now_us)
    if not opened.repeated:
        connection.execute(update(devices).where(devices.c.id == device_id).values(description=description))
        store_builds(connection, opened.session_id, message.builds)
    registrar = Registrar(device_id, opened.session_id, now_us, settings.auto_approve)
    answer = SessionOpened(
        session_id=opened.session_id,
        device=opened.device_slug,
        lease_s=settings.lease_s,
        renew_every_s=settings.lease_s / RENEWALS_PER_LEASE,
        offers=register(connection, registrar, offers),
        takes_doing=True,
    )
    return answer, opened.topics


def _device_of(caller: Caller) -> int:
    if caller.device_id is None:
        raise Refusal(ProblemType.FORBIDDEN, "this token is bound to no device; enrol the agent")
    return caller.device_id
