"""The routes of imported tables."""

from functools import partial
from typing import Annotated, Any

from fastapi import Path, Query, Request
from sqlalchemy import Connection

from edgemeter.wire.base import Label, Page, Slug
from edgemeter.wire.campaigns import ImportDocument, ImportedRow, ImportSource
from edgemeter_server.access.projects import project_id
from edgemeter_server.artifacts.refusing import told_as_refusal
from edgemeter_server.artifacts.uploading import fill
from edgemeter_server.campaigns import importing
from edgemeter_server.campaigns.import_checking import check_table
from edgemeter_server.campaigns.importing import About
from edgemeter_server.campaigns.spaces import known_space
from edgemeter_server.http.body import CSV, require_octets
from edgemeter_server.http.caller import Submitter, Viewer
from edgemeter_server.http.paging import (
    NEWEST,
    Cursor,
    Limit,
    after_place,
    before_id,
    page_of,
    place_cursor,
)
from edgemeter_server.http.routes import Router
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/imports", tags=["campaigns"])

ImportId = Annotated[int, Path(ge=1, le=NEWEST)]
_TABLE: dict[str, Any] = {"content": {CSV: {"schema": {"type": "string"}}}}


@router.post("", status_code=201, openapi_extra={"requestBody": {"required": True, **_TABLE}})
async def create_import(
    services: ServicesOf,
    caller: Submitter,
    request: Request,
    space: Slug,
    license: Annotated[Label, Query(description="Under which the table may be used")],  # noqa: A002
    source: Annotated[ImportSource, Query(description="Where it comes from")],
    project: Slug = "default",
) -> ImportDocument:
    """Takes others' measurements of a space: all rows, or none, and then it says which rows are wrong.

    The body is CSV with the columns arch, device, metric, value and unit; others are not read.
    """
    require_octets(request.headers, CSV)
    about = About(project, known_space(space), license, source)
    await services.database.read(lambda c: project_id(c, caller, project, writing=True))
    with told_as_refusal():
        async with services.storage.draft() as draft:
            await fill(draft, request.stream())
            table = await draft.inspect(partial(check_table, about.space))
            try:
                return await importing.store(services, caller, about, table)
            finally:
                table.close()


@router.get("")
async def list_imports(
    services: ServicesOf,
    caller: Viewer,
    space: Slug | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ImportDocument]:
    """Imported tables, newest first."""
    before = before_id(cursor)
    rows = await services.database.read(lambda c: importing.listed(c, caller, space, before, limit + 1))
    return page_of(rows, limit, lambda row: row.id)


@router.get("/{import_id}/rows")
async def list_imported_rows(
    services: ServicesOf, caller: Viewer, import_id: ImportId, limit: Limit = 100, cursor: Cursor = None
) -> Page[ImportedRow]:
    """The rows of a table, in the order of the file."""
    _, after = after_place(cursor)

    def work(connection: Connection) -> list[ImportedRow]:
        importing.one(connection, caller, import_id)
        return importing.values(connection, import_id, after, limit + 1)

    rows = await services.database.read(work)
    more = len(rows) > limit
    return Page(
        items=tuple(rows[:limit]), next_cursor=place_cursor((0, rows[limit - 1].row)) if more else None
    )


@router.delete("/{import_id}", status_code=204)
async def delete_import(services: ServicesOf, caller: Submitter, import_id: ImportId) -> None:
    """For good, with all its rows."""
    await importing.remove(services, caller, import_id)
