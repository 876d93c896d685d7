"""Devices and targets for people; sessions for agents."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path
from sqlalchemy import Connection

from edgemeter.wire.agents import CloseSession, NewestSession, OpenSession, SessionOpened
from edgemeter.wire.base import Page, Slug
from edgemeter.wire.devices import ApproveTargets, ChangeDevice, DeviceDocument, TargetRow
from edgemeter_server.devices import changing, opening, sessions
from edgemeter_server.devices.documents import Moment, device_document, device_documents
from edgemeter_server.devices.target_rows import target_row, target_rows
from edgemeter_server.http.caller import Admin, Agent, Caller, Viewer
from edgemeter_server.http.paging import Cursor, Limit, before_id, page_of_numbered
from edgemeter_server.http.routes import Router
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1", tags=["devices"])
SlugInPath = Annotated[Slug, Path()]


@router.get("/agent/sessions/newest")
async def get_newest_session(services: ServicesOf, caller: Agent) -> NewestSession:
    """What the next opening says that it follows."""
    device_id = caller.device_id or 0
    return NewestSession(session_id=await services.database.read(lambda c: sessions.newest_of(c, device_id)))


@router.post(
    "/agent/sessions", status_code=201, responses={426: {"$ref": "#/components/responses/Problem426"}}
)
async def open_session(services: ServicesOf, caller: Agent, message: OpenSession) -> SessionOpened:
    """Ends the device's session before, which it names. Send it again where the answer was lost: the same
    `opening_id` returns the same session. One that another has overtaken is refused with `session-closed`."""
    return await opening.open_session(services, caller, message)


@router.post("/agent/sessions/close", status_code=204)
async def close_session(services: ServicesOf, caller: Agent, message: CloseSession) -> None:
    """Gives back what the session holds, charged to nobody. Repeating it changes nothing."""
    device_id = caller.device_id or 0
    topics = await services.database.write(
        lambda c: sessions.close(c, message.session_id, device_id, services.clock.now_us(c))
    )
    await services.wakeups.publish(topics)


@router.get("/devices")
async def list_devices(
    services: ServicesOf, _: Viewer, limit: Limit = 100, cursor: Cursor = None
) -> Page[DeviceDocument]:
    """All devices, newest first."""
    before = before_id(cursor)
    rows = await services.database.read(
        lambda c: device_documents(c, before, limit + 1, _moment(services, c))
    )
    return page_of_numbered(rows, limit)


@router.get("/devices/{slug}")
async def get_device(services: ServicesOf, _: Viewer, slug: SlugInPath) -> DeviceDocument:
    """One device: what it does, whether it is trusted, what it offers."""
    return await services.database.read(lambda c: device_document(c, slug, _moment(services, c)))


@router.patch("/devices/{slug}")
async def change_device(
    services: ServicesOf, caller: Admin, slug: SlugInPath, message: ChangeDevice
) -> DeviceDocument:
    """`unknown` lets it try again; `maintenance` gives it no new jobs; `retired` ends its session too."""
    return await _change(services, caller, slug, lambda c, admin: changing.change(c, slug, message, admin))


@router.post("/devices/{slug}/approve")
async def approve_targets(
    services: ServicesOf, caller: Admin, slug: SlugInPath, message: ApproveTargets
) -> DeviceDocument:
    """From now on these targets of the device get jobs."""
    return await _change(services, caller, slug, lambda c, admin: changing.approve(c, slug, message, admin))


@router.get("/targets")
async def list_targets(
    services: ServicesOf, _: Viewer, limit: Limit = 100, cursor: Cursor = None
) -> Page[TargetRow]:
    """Whatever was ever offered, newest first."""
    before = before_id(cursor)
    rows = await services.database.read(lambda c: target_rows(c, before, limit + 1, _moment(services, c)))
    return page_of_numbered(rows, limit)


@router.get("/targets/{slug}")
async def get_target(services: ServicesOf, _: Viewer, slug: SlugInPath) -> TargetRow:
    """One target, with all devices that offer it."""
    return await services.database.read(lambda c: target_row(c, slug, _moment(services, c)))


Change = Callable[[Connection, changing.Admin], tuple[str, ...]]


async def _change(services: Services, caller: Caller, slug: str, change: Change) -> DeviceDocument:
    def work(connection: Connection) -> tuple[DeviceDocument, tuple[str, ...]]:
        moment = _moment(services, connection)
        topics = change(connection, changing.Admin(caller.token_id, caller.name, moment.now_us))
        return device_document(connection, slug, moment), topics

    document, topics = await services.database.write(work)
    await services.wakeups.publish(topics)
    return document


def _moment(services: Services, connection: Connection) -> Moment:
    return Moment(services.clock.now_us(connection), services.settings.session_lost_s)
