"""The routes of imported tables."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from edgemeter.wire.base import Page, Slug
from edgemeter.wire.campaigns import ImportDocument, ImportedRow, NewImport
from edgemeter_server.campaigns import importing
from edgemeter_server.campaigns.spaces import known_space
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
from edgemeter_server.services import ServicesOf

router = APIRouter(prefix="/v1/imports", tags=["campaigns"])

ImportId = Annotated[int, Path(ge=1, le=NEWEST)]


@router.post("", status_code=201)
async def create_import(services: ServicesOf, caller: Submitter, message: NewImport) -> ImportDocument:
    """Takes others' measurements of a space: all rows, or none, and then it says which rows are wrong."""
    space = known_space(message.space)
    rows = await asyncio.to_thread(importing.checked_rows, space, message.rows())

    def work(connection: Connection) -> ImportDocument:
        now_us = services.clock.now_us(connection)
        id_ = importing.store(connection, caller, message, space, rows, now_us)
        return importing.one(connection, caller, id_)

    return await services.database.write(work)


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
