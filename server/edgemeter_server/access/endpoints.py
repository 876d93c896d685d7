"""Who am I; projects, tokens and what was done with them."""

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from edgemeter.wire.access import (
    AuditEntry,
    Identity,
    IssuedToken,
    NewProject,
    NewToken,
    ProjectDocument,
    TokenDocument,
)
from edgemeter.wire.agents import Enrol, Enrolled
from edgemeter.wire.base import Id, Page
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access import audit, enrolment, granting, projects, repository
from edgemeter_server.http.caller import Admin, AnyCaller, Enrolment, Viewer
from edgemeter_server.http.paging import Cursor, Limit, before_id, page_of, page_of_numbered
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.routes import Router
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1", tags=["access"])


@router.get("/me")
async def get_me(services: ServicesOf, caller: AnyCaller) -> Identity:
    """Whose token this is."""
    return await services.database.read(lambda c: repository.identity(c, caller.token_id))


@router.get("/projects")
async def list_projects(
    services: ServicesOf, caller: Viewer, limit: Limit = 100, cursor: Cursor = None
) -> Page[ProjectDocument]:
    """The caller's own project and the public ones; all of them for admins."""
    before = before_id(cursor)
    rows = await services.database.read(lambda c: projects.listed(c, caller, before, limit + 1))
    return page_of_numbered(rows, limit)


@router.post("/projects", status_code=201)
async def create_project(services: ServicesOf, caller: Admin, message: NewProject) -> ProjectDocument:
    """A place for models and measurements of their own."""

    def create(connection: Connection) -> ProjectDocument:
        now_us = services.clock.now_us(connection)
        audit.record(connection, now_us, "project.created", message.model_dump(), token_id=caller.token_id)
        return projects.create(connection, message, now_us)

    try:
        return await services.database.write(create)
    except IntegrityError:  # Two asked for it at once.
        raise projects.exists(message.slug) from None


@router.get("/tokens")
async def list_tokens(
    services: ServicesOf, _: Admin, limit: Limit = 100, cursor: Cursor = None
) -> Page[TokenDocument]:
    """All tokens, newest first; never their texts."""
    before = before_id(cursor)
    rows = await services.database.read(lambda c: repository.documents(c, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)


@router.post("/tokens", status_code=201)
async def create_token(services: ServicesOf, caller: Admin, message: NewToken) -> IssuedToken:
    """The token's text is in this answer and nowhere else. Enrolments last minutes, whatever is asked for."""
    granting.check(message)

    def grant(connection: Connection) -> IssuedToken:
        now_us = services.clock.now_us(connection)
        issued = granting.grant(connection, message, services.settings.enrolment_s, now_us)
        detail = {"token": issued.id, **message.model_dump(mode="json")}
        audit.record(connection, now_us, "token.issued", detail, token_id=caller.token_id)
        return issued

    return await services.database.write(grant)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(services: ServicesOf, caller: Admin, token_id: Id) -> None:
    """Within two seconds no server takes it any more. Repeating this changes nothing."""

    def revoke(connection: Connection) -> None:
        now_us = services.clock.now_us(connection)
        if repository.revoke(connection, token_id, now_us):
            audit.record(connection, now_us, "token.revoked", {"token": token_id}, token_id=caller.token_id)

    await services.database.write(revoke)
    services.authentication.forget()


@router.post("/agent/enrol", status_code=201)
async def enrol_agent(services: ServicesOf, caller: Enrolment, message: Enrol) -> Enrolled:
    """Turns a one-time token into that of a device's agent. A lost answer needs a new one-time token."""
    try:
        enrolled = await services.database.write(
            lambda c: enrolment.enrol(c, caller, message, services.clock.now_us(c))
        )
    except IntegrityError:  # Two made the same device at once.
        raise Refusal(ProblemType.CONFLICT, "there is a device of that name by now") from None
    services.authentication.forget()
    return enrolled


@router.get("/audit")
async def list_audit(
    services: ServicesOf, _: Admin, limit: Limit = 100, cursor: Cursor = None
) -> Page[AuditEntry]:
    """What was done, newest first."""
    before = before_id(cursor)
    rows = await services.database.read(lambda c: audit.entries(c, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)
