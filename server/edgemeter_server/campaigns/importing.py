"""Imported tables: stored whole or not at all, listed, deleted, and kept apart from our own measurements.

A table may have millions of rows. They are written and deleted in small units, so that nobody waits long,
while the import itself says that it has none (`rows` is 0): such a one is not there for anybody.
"""

import os
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from edgemeter.spaces.space import Space
from edgemeter.wire.campaigns import ImportDocument, ImportedRow
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access import audit
from edgemeter_server.access.projects import own_projects, project_id, visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.campaigns.import_checking import CheckedTable
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.campaigns.tables import imported_values, imports
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant
from edgemeter_server.services import Services

_AT_ONCE: Final = 2000
#: A server that ended while it stored a table, or deleted one, has left it by then.
_ABANDONED_US: Final = 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a table by whoever hands it in."""

    project: str
    space: Space
    license: str
    source: str


async def store(services: Services, caller: Caller, about: About, table: CheckedTable) -> ImportDocument:
    """Raises Refusal CONFLICT where the project has the same table already, NOT_FOUND for its project."""
    database = services.database
    id_ = await database.write(lambda c: _begun(c, caller, about, table, services.clock.now_us(c)))
    try:
        rows = table.rows()
        while some := [{"import_id": id_, **row._asdict()} for row in islice(rows, _AT_ONCE)]:
            await database.write(partial(_add, values=some))
        return await database.write(lambda c: _ended(c, caller, id_, table))
    except BaseException:
        await _forget(services, id_)
        raise


async def remove(services: Services, caller: Caller, import_id: int) -> None:
    """Raises Refusal NOT_FOUND for what is absent or not the caller's own."""

    def hide(connection: Connection) -> None:
        mine = select(imports.c.id).join(projects, projects.c.id == imports.c.project_id)
        found = mine.where(imports.c.id == import_id, imports.c.rows > 0, own_projects(caller))
        if connection.execute(found.with_for_update(of=imports)).scalar() is None:
            raise unknown(import_id)
        hidden = update(imports).where(imports.c.id == import_id)
        connection.execute(hidden.values(rows=0, content_sha256=os.urandom(32)))
        now_us = services.clock.now_us(connection)
        audit.record(connection, now_us, "import.deleted", {"import": import_id}, token_id=caller.token_id)

    await services.database.write(hide)
    await _forget(services, import_id)


async def forget_abandoned(services: Services) -> None:
    """Removes what a server that ended has left half stored or half deleted."""

    def left(connection: Connection) -> list[int]:
        before_us = services.clock.now_us(connection) - _ABANDONED_US
        found = select(imports.c.id).where(imports.c.rows == 0, imports.c.created_us < before_us)
        return list(connection.execute(found).scalars())

    for id_ in await services.database.read(left):
        await _forget(services, id_)


def listed(
    connection: Connection, caller: Caller, space: str | None, before_id: int, limit: int
) -> list[ImportDocument]:
    """Newest first, of visible projects."""
    wanted = [imports.c.id < before_id]
    if space is not None:
        wanted.append(imports.c.builds.startswith(f"{space}/", autoescape=True))
    rows = _selection(caller).where(*wanted).order_by(imports.c.id.desc()).limit(limit)
    return [_document(connection, row) for row in connection.execute(rows)]


def one(connection: Connection, caller: Caller, import_id: int) -> ImportDocument:
    """Raises Refusal NOT_FOUND for what is absent or not visible."""
    row = connection.execute(_selection(caller).where(imports.c.id == import_id)).one_or_none()
    if row is None:
        raise unknown(import_id)
    return _document(connection, row)


def values(connection: Connection, import_id: int, after_row: int, limit: int) -> list[ImportedRow]:
    rows = select(imported_values).where(
        imported_values.c.import_id == import_id, imported_values.c.row > after_row
    )
    found = connection.execute(rows.order_by(imported_values.c.row).limit(limit)).mappings()
    return [ImportedRow.model_validate(dict(row)) for row in found]


def unknown(import_id: int) -> Refusal:
    return Refusal(ProblemType.NOT_FOUND, f"no import {import_id}, or not yours")


def _begun(connection: Connection, caller: Caller, about: About, table: CheckedTable, now_us: int) -> int:
    project = project_id(connection, caller, about.project, writing=True)
    _refuse_same(connection, project, table)
    row = {
        "project_id": project,
        "token_id": caller.token_id,
        "builds": builds_of(about.space),
        "license": about.license,
        "source": about.source,
        "content_sha256": os.urandom(32),  # two that come at once must not meet before they end
        "rows": 0,
        "created_us": now_us,
    }
    return int(connection.execute(insert(imports).values(row).returning(imports.c.id)).scalar_one())


def _add(connection: Connection, values: list[dict[str, Any]]) -> None:
    connection.execute(insert(imported_values), values)


def _ended(connection: Connection, caller: Caller, id_: int, table: CheckedTable) -> ImportDocument:
    project = connection.execute(select(imports.c.project_id).where(imports.c.id == id_)).scalar_one()
    _refuse_same(connection, project, table)
    whole = update(imports).where(imports.c.id == id_)
    connection.execute(whole.values(rows=table.count, content_sha256=table.sha256))
    return one(connection, caller, id_)


def _refuse_same(connection: Connection, project: int, table: CheckedTable) -> None:
    known = select(imports.c.id).where(
        imports.c.project_id == project, imports.c.content_sha256 == table.sha256
    )
    if (before := connection.execute(known).scalar()) is not None:
        raise Refusal(ProblemType.CONFLICT, f"the project has this table already: import {before}")


async def _forget(services: Services, import_id: int) -> None:
    def some(connection: Connection) -> bool:
        mine = imported_values.c.import_id == import_id
        first = select(imported_values.c.row).where(mine).order_by(imported_values.c.row)
        last = connection.execute(first.offset(_AT_ONCE).limit(1)).scalar()
        up_to = mine if last is None else mine & (imported_values.c.row < last)
        connection.execute(delete(imported_values).where(up_to))
        if last is None:
            connection.execute(delete(imports).where(imports.c.id == import_id))
        return last is not None

    while await services.database.write(some):
        pass


def _selection(caller: Caller) -> Any:
    joined = select(imports, projects.c.slug.label("project")).join(
        projects, projects.c.id == imports.c.project_id
    )
    seen: ColumnElement[bool] = visible_projects(caller)
    return joined.where(seen, imports.c.rows > 0)


def _document(connection: Connection, row: Row[Any]) -> ImportDocument:
    space, _, version = row.builds.partition("/")
    return ImportDocument(
        id=row.id,
        project=row.project,
        space=space,
        version=int(version),
        license=row.license,
        source=row.source,
        devices=tuple(_devices(connection, row.id)),
        rows=row.rows,
        created_at=instant(row.created_us),
    )


def _devices(connection: Connection, import_id: int) -> list[str]:
    """One look into the index for each: DISTINCT would read all of the table's rows."""
    found: list[str] = []
    mine = select(func.min(imported_values.c.device)).where(imported_values.c.import_id == import_id)
    following = mine
    while (device := connection.execute(following).scalar()) is not None:
        found.append(device)
        following = mine.where(imported_values.c.device > device)
    return found
