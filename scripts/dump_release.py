"""Dumps a populated database of the newest schema, for the tests that upgrade one of each release.

    python scripts/dump_release.py

Run it once before a release, and commit what it writes into tests/data/releases. Dumps of revisions that
were released are never written again: they are what users have.
"""

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import Boolean, Column, Connection, Float, LargeBinary, String, Table, insert

from edgemeter_server.database.base import Database
from edgemeter_server.database.catalogue import metadata
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.schema import head
from edgemeter_server.database.sqlite import SqliteDatabase
from edgemeter_server.database.tables import installation
from edgemeter_server.database.upgrading import upgrade_postgres, upgrade_sqlite
from edgemeter_server.testing import PostgresCluster
from edgemeter_server.testing.clock import START_US

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "releases"
ROWS = 3


def value(column: Column[object], number: int) -> object:
    """Anything that fits the column; references point to the row of the same number."""
    if column.name.endswith("_us"):
        return START_US + number
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, LargeBinary):
        return bytes([number]) * (column.type.length or 40)
    if isinstance(column.type, String):
        return f"{column.name} {number}"[-(column.type.length or 40) :]
    return number / 2 if isinstance(column.type, Float) else number


def rows(table: Table) -> list[dict[str, object]]:
    given = [column for column in table.columns if column is not table.autoincrement_column]
    return [{column.name: value(column, number) for column in given} for number in range(1, ROWS + 1)]


def populate(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if table is not installation:
            connection.execute(insert(table), rows(table))


async def populated(open_database: Callable[[], Database]) -> None:
    database = open_database()
    await database.write(populate)
    await database.close()


def dump_sqlite(folder: Path) -> str:
    path = folder / "edgemeter.db"
    upgrade_sqlite(path)
    asyncio.run(populated(partial(SqliteDatabase, path)))
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump()) + "\n"


def dump_postgres() -> str:
    cluster = PostgresCluster()
    try:
        url = cluster.url("postgres")
        asyncio.run(upgrade_postgres(url))
        asyncio.run(populated(partial(PostgresDatabase, url)))
        options = ["--inserts", "--no-owner", "--no-privileges", url]
        return subprocess.run(
            [str(cluster.programs / "pg_dump"), *options], capture_output=True, text=True, check=True
        ).stdout
    finally:
        cluster.close()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for kind, text in (("sqlite", dump_sqlite(Path(folder))), ("postgresql", dump_postgres())):
            path = FOLDER / f"{head()}.{kind}.sql"
            path.write_text(text)
            sys.stdout.write(f"{path.relative_to(Path.cwd())}\n")


if __name__ == "__main__":
    main()
