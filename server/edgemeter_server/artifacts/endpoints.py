"""The routes of artifacts."""

from typing import Annotated, Any

from fastapi import Header, Query, Request, Response
from sqlalchemy import Connection

from edgemeter.wire.artifacts import ArtifactDocument
from edgemeter.wire.base import Label, Page, Sha256, Slug
from edgemeter.wire.problems import MEDIA_TYPE, ProblemType
from edgemeter_server.access.audit import record
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts import catalogue, features
from edgemeter_server.artifacts.content import Asked, content
from edgemeter_server.artifacts.ownership import Arrival, disown, refuse_beyond_quota
from edgemeter_server.artifacts.refusing import told_as_refusal
from edgemeter_server.artifacts.uploading import Upload, receive
from edgemeter_server.http.body import OCTETS_CONTENT, require_octets
from edgemeter_server.http.caller import AgentOrViewer, Caller, Submitter, Viewer
from edgemeter_server.http.paging import Cursor, Limit, before_id, page_of_numbered
from edgemeter_server.http.routes import Router
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1/artifacts", tags=["artifacts"])

_PROBLEM = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {**OCTETS_CONTENT, "description": "The whole file"},
    206: {**OCTETS_CONTENT, "description": "The range that was asked for"},
    304: {"description": "If-None-Match names this file"},
    416: {**_PROBLEM, "description": ProblemType.RANGE.value},
}


@router.put(
    "/{sha256}",
    status_code=201,
    responses={
        200: {"model": ArtifactDocument, "description": "The project has this file already"},
        201: {"model": ArtifactDocument, "description": "The file is stored, and the project's"},
    },
    openapi_extra={"requestBody": {"required": True, **OCTETS_CONTENT}},
)
async def upload(
    services: ServicesOf,
    caller: Submitter,
    request: Request,
    sha256: Sha256,
    project: Slug = "default",
    name: Label | None = None,
) -> Response:
    """Stores a file, sent as it is. It is durable when this answers; its features may come later."""
    require_octets(request.headers)
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() else 0
    owner = await services.database.read(lambda c: _owner(c, services, caller, project, sha256, size))
    owned = await receive(services, Upload(owner, sha256, name), request.stream())
    if not owned.read:
        await features.compute_soon(services, owned.artifact_id, sha256)
    document = await services.database.read(lambda c: catalogue.document(c, caller, sha256, project))
    status = 201 if owned.new else 200
    return Response(document.model_dump_json(), status, media_type="application/json")


@router.get("")
async def list_artifacts(
    services: ServicesOf,
    caller: Viewer,
    project: Slug | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ArtifactDocument]:
    """Files of one project, or of all that the caller sees; newest first."""
    before = before_id(cursor)

    def work(connection: Connection) -> list[catalogue.Listed]:
        only = None if project is None else project_id(connection, caller, project, writing=False)
        return catalogue.listed(connection, caller, only, before, limit + 1)

    return page_of_numbered(await services.database.read(work), limit)


@router.get("/{sha256}")
async def get_artifact(
    services: ServicesOf, caller: Viewer, sha256: Sha256, project: Slug | None = None
) -> ArtifactDocument:
    """What is known of a file. Of several projects that have it, the caller's own is shown."""
    return await services.database.read(lambda c: catalogue.document(c, caller, sha256, project))


@router.get("/{sha256}/content", response_class=Response, responses=_CONTENT)
@router.head("/{sha256}/content", response_class=Response, responses={304: _CONTENT[304]})
async def get_content(
    services: ServicesOf,
    caller: AgentOrViewer,
    request: Request,
    sha256: Sha256,
    range: Annotated[str | None, Header()] = None,  # noqa: A002  the header's name
    if_range: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The file itself. Agents get those of attempts that they hold."""
    artifact = await services.database.read(lambda c: catalogue.served(c, caller, sha256))
    asked = Asked(request.method, range, if_range, if_none_match)
    with told_as_refusal():
        return await content(services.storage, artifact, asked)


@router.delete("/{sha256}", status_code=204)
async def delete_artifact(
    services: ServicesOf, caller: Submitter, sha256: Sha256, project: Annotated[Slug, Query()] = "default"
) -> None:
    """The project gives up the file, and sees its measurements again only when it uploads it again.

    Bytes that no project has are removed a day later.
    """

    def work(connection: Connection) -> None:
        now_us = services.clock.now_us(connection)
        disown(connection, project_id(connection, caller, project, writing=True), sha256, now_us)
        detail = {"sha256": sha256, "project": project}
        record(connection, now_us, "artifact.given_up", detail, token_id=caller.token_id)

    await services.database.write(work)


def _owner(
    connection: Connection, services: Services, caller: Caller, project: str, sha256: str, size_bytes: int
) -> int:
    """Whatever can be refused before a byte of the file has come is refused here."""
    owner = project_id(connection, caller, project, writing=True)
    arrival = Arrival(owner, sha256, size_bytes, format="", name="")
    refuse_beyond_quota(connection, arrival, services.settings.artifact_bytes_per_project)
    return owner
