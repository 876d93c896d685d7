"""Others' measurements, each operation written once for both clients."""

import csv
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from edgemeter.client.asking import ask
from edgemeter.client.generated import AnySpace, Named, named
from edgemeter.client.listing import LARGEST_PAGE, every
from edgemeter.client.project import home_project
from edgemeter.client.replies import nothing, reader
from edgemeter.client.steps import Call, FileBody, SentBytes, Steps, Stream, work
from edgemeter.client.uploading import SLOWEST_BYTES_PER_S
from edgemeter.wire.base import Page
from edgemeter.wire.campaigns import ImportDocument, ImportedRow, ImportedValue

#: The server reads and stores a table before it answers.
_CHECKED_BYTES_PER_S = 200_000


def create_import(
    space: AnySpace,
    rows: Iterable[ImportedValue],
    *,
    license: str,  # noqa: A002 - the table's own word
    source: str,
    project: str | None = None,
    progress: SentBytes | None = None,
) -> Steps[ImportDocument]:
    """Hands in others' measurements: all rows are taken, or none. Those of single operators are left out.

    `rows` are read once, and wait in a temporary file. `progress` is told the bytes sent and their total.
    """
    asked = named(space)
    about = {"license": license, "source": source, "project": (yield from home_project(project))}
    table = yield from work(lambda: _written(rows, asked))
    try:
        size_bytes = table.stat().st_size
        call = Call(
            method="POST",
            path="/v1/imports",
            query={"space": asked.name, **about},
            body=FileBody(table, size_bytes, progress, "text/csv"),
            repeatable=False,
            longer_s=60.0 + size_bytes / SLOWEST_BYTES_PER_S + size_bytes / _CHECKED_BYTES_PER_S,
            read=reader(ImportDocument),
        )
        return (yield from ask(call))
    finally:
        table.unlink()


def imports(*, space: AnySpace | None = None) -> Stream[ImportDocument]:
    """Imported tables, newest first."""
    name = None if space is None else named(space).name
    return every("/v1/imports", Page[ImportDocument], {"space": name})


def imported_rows(import_id: int) -> Stream[ImportedRow]:
    path = f"/v1/imports/{int(import_id)}/rows"
    return every(path, Page[ImportedRow], {}, page_size=LARGEST_PAGE)


def delete_import(import_id: int) -> Steps[None]:
    """For good, with all its rows."""
    path = f"/v1/imports/{int(import_id)}"
    # A table of millions of rows takes a while.
    yield from ask(Call(method="DELETE", path=path, read=nothing, longer_s=300.0))


def _written(rows: Iterable[ImportedValue], asked: Named) -> Path:
    number, name = tempfile.mkstemp(prefix="edgemeter-", suffix=".csv")
    path = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(ImportedValue._fields)
            writer.writerows(asked.values(rows))
    except BaseException:
        path.unlink()
        raise
    return path
