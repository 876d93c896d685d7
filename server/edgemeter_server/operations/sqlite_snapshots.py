"""Snapshots of SQLite, beside the server's process: nothing is asked of that."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from edgemeter_server.database import installation
from edgemeter_server.database.sqlite_connection import open_reader, open_writer
from edgemeter_server.operations.archive import sync_folder
from edgemeter_server.operations.snapshots import Snapshot, SnapshotError, Snapshots, contents, refuse_strange


class SqliteSnapshots(Snapshots):
    """One read transaction, on a connection that neither writes nor checkpoints."""

    kind = "sqlite"

    def __init__(self, database: Path) -> None:
        self._database = database

    async def take(self, file: Path) -> Snapshot:
        if not self._database.exists():
            raise SnapshotError("there is no database in the data folder")
        return await asyncio.to_thread(self._take, file)

    async def refuse_unless_empty(self) -> None:
        if self._database.exists():
            raise SnapshotError("there is a database in the data folder")

    async def put_back(self, file: Path) -> None:
        await asyncio.to_thread(self._put_back, file)

    def _take(self, file: Path) -> Snapshot:
        with closing(open_reader(self._database)) as source, closing(sqlite3.connect(file)) as target:
            source.copy_to(target)
            target.execute("PRAGMA journal_mode=DELETE")
            _refuse_damaged(target)
        with closing(open_reader(file)) as copy:
            return copy.look(contents)

    def _put_back(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as copy:
            _refuse_damaged(copy)
        with closing(open_writer(file)) as connection:
            connection.look(refuse_strange)
            connection.begin()
            connection.attempt(installation.begin_epoch)
            connection.commit()
        file.replace(self._database)
        sync_folder(self._database.parent)


def _refuse_damaged(database: sqlite3.Connection) -> None:
    told = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
    if told != ["ok"]:
        raise SnapshotError(f"the database is damaged: {'; '.join(told)}")
    if database.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise SnapshotError("the database is damaged: some rows refer to nothing")
