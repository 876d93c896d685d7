"""Others' measurements: checked row by row, taken whole or not at all, and kept apart from our own."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, insert, select

from edgemeter.spaces.foreign import architecture_text
from edgemeter.spaces.space import CodeError, Space
from edgemeter.wire.campaigns import ImportDocument, ImportedRow, ImportedValue, NewImport
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.access.projects import project_id, visible_projects
from edgemeter_server.access.tables import projects
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.campaigns.tables import imported_values, imports
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant

#: What a metric's values become: by unit, a factor to the first unit of its kind.
_UNITS: Mapping[str, tuple[str, float]] = {
    "ms": ("ms", 1.0),
    "us": ("ms", 1e-3),
    "ns": ("ms", 1e-6),
    "s": ("ms", 1e3),
    "mJ": ("mJ", 1.0),
    "J": ("mJ", 1e3),
}
_MAX_ERRORS = 20
_AT_ONCE = 1000


class Checked(NamedTuple):
    """A row as it is stored: `value` in the first unit of its kind."""

    row: int
    text: str
    device: str
    metric: str
    value: float
    unit: str


def checked_rows(space: Space, rows: Iterable[ImportedValue]) -> list[Checked]:
    """Raises Refusal INVALID, which names the rows (from 1) that are wrong and what is wrong with each."""
    errors: list[FieldError] = []
    found: list[Checked] = []
    seen: dict[tuple[str, str, str], int] = {}
    texts: dict[str, str | CodeError] = {}
    for number, row in enumerate(rows, 1):
        wrong = list(_wrong(space, row, texts))
        text = texts.get(row.arch)
        if not wrong and isinstance(text, str):
            unit, factor = _UNITS[row.unit]
            first = seen.setdefault((text, row.device, row.metric), number)
            if first == number:
                found.append(Checked(number, text, row.device, row.metric, row.value * factor, unit))
                continue
            wrong = [("arch", f"the same architecture, device and metric as in row {first}")]
        errors += (
            FieldError(pointer=f"/{name}/{number - 1}", detail=f"row {number}: {what}")
            for name, what in wrong
        )
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        detail = f"nothing was imported. {errors[0].detail}{more}"
        raise Refusal(ProblemType.INVALID, detail, errors=tuple(errors[:_MAX_ERRORS]))
    return found


def store(
    connection: Connection,
    caller: Caller,
    message: NewImport,
    space: Space,
    rows: Sequence[Checked],
    now_us: int,
) -> int:
    """Its id. Raises Refusal CONFLICT where the project has the same table already."""
    project = project_id(connection, caller, message.project, writing=True)
    digest = _digest(space, rows)
    known = select(imports.c.id).where(imports.c.project_id == project, imports.c.content_sha256 == digest)
    if (before := connection.execute(known).scalar()) is not None:
        raise Refusal(ProblemType.CONFLICT, f"the project has this table already: import {before}")
    row = {
        "project_id": project,
        "token_id": caller.token_id,
        "builds": builds_of(space),
        "license": message.license,
        "source": message.source,
        "content_sha256": digest,
        "rows": len(rows),
        "created_us": now_us,
    }
    id_ = int(connection.execute(insert(imports).values(row).returning(imports.c.id)).scalar_one())
    for start in range(0, len(rows), _AT_ONCE):
        values = [{"import_id": id_, **each._asdict()} for each in rows[start : start + _AT_ONCE]]
        connection.execute(insert(imported_values), values)
    return id_


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
        raise Refusal(ProblemType.NOT_FOUND, f"no import {import_id}, or not yours")
    return _document(connection, row)


def values(connection: Connection, import_id: int, after_row: int, limit: int) -> list[ImportedRow]:
    rows = select(imported_values).where(
        imported_values.c.import_id == import_id, imported_values.c.row > after_row
    )
    found = connection.execute(rows.order_by(imported_values.c.row).limit(limit)).mappings()
    return [ImportedRow.model_validate(dict(row)) for row in found]


def _wrong(space: Space, row: ImportedValue, texts: dict[str, str | CodeError]) -> Iterator[tuple[str, str]]:
    if row.unit not in _UNITS:
        yield "unit", f"the unit {row.unit!r} is not known; there are {', '.join(_UNITS)}"
    if not math.isfinite(row.value) or row.value <= 0:
        yield "value", f"{row.value} is no {row.metric}"
    if row.arch not in texts:
        try:
            texts[row.arch] = architecture_text(space, row.arch)
        except CodeError as error:
            texts[row.arch] = error
    if isinstance(known := texts[row.arch], CodeError):
        yield "arch", str(known)


def _selection(caller: Caller) -> Any:
    joined = select(imports, projects.c.slug.label("project")).join(
        projects, projects.c.id == imports.c.project_id
    )
    seen: ColumnElement[bool] = visible_projects(caller)
    return joined.where(seen)


def _document(connection: Connection, row: Row[Any]) -> ImportDocument:
    space, _, version = row.builds.partition("/")
    names = select(imported_values.c.device).where(imported_values.c.import_id == row.id).distinct()
    return ImportDocument(
        id=row.id,
        project=row.project,
        space=space,
        version=int(version),
        license=row.license,
        source=row.source,
        devices=tuple(sorted(connection.execute(names).scalars())),
        rows=row.rows,
        created_at=instant(row.created_us),
    )


def _digest(space: Space, rows: Sequence[Checked]) -> bytes:
    """Of what is told, however the rows were ordered."""
    told = sorted(repr(row[1:]) for row in rows)
    return hashlib.sha256("\n".join([builds_of(space), *told]).encode()).digest()
