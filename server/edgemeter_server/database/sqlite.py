"""SQLite in a file: one process, one writing connection, durable commits shared by those who wait."""

import asyncio
from pathlib import Path
from typing import TypeVar

from edgemeter_server.database.base import Database, UnavailableError, Work
from edgemeter_server.database.sqlite_connection import open_reader, open_writer
from edgemeter_server.database.sqlite_errors import translated
from edgemeter_server.database.sqlite_readers import SqliteReaders
from edgemeter_server.database.sqlite_writer import SqliteWriter
from edgemeter_server.database.units import Unit

T = TypeVar("T")

READERS = 4


class SqliteDatabase(Database):
    """Used from one event loop. Nobody else may have the file open for writing: see `folder_lock`.

    SQLite before 3.51.3 can damage a database in WAL mode when two connections write or checkpoint at
    once. Here one connection does both; the readers' are read-only.
    """

    def __init__(self, path: Path) -> None:
        with translated():
            self._writer = SqliteWriter(open_writer(path))
            self._readers = SqliteReaders([open_reader(path) for _ in range(READERS)])
        self._path = path
        self._closed = False

    @property
    def dialect(self) -> str:
        return "sqlite"

    @property
    def commits(self) -> int:
        """Synchronous ones so far: fewer than units of work as soon as these come together."""
        return self._writer.commits

    @property
    def version(self) -> int:
        return self._writer.commits

    async def write(self, work: Work[T]) -> T:
        unit = self._unit(work)
        self._writer.put(unit)
        result: T = await unit.future
        return result

    async def read(self, work: Work[T]) -> T:
        unit = self._unit(work)
        self._readers.put(unit)
        result: T = await unit.future
        return result

    def _unit(self, work: Work[T]) -> Unit:
        if self._closed:
            raise UnavailableError("the database is closed")
        return Unit(work, asyncio.get_running_loop().create_future())

    async def size_bytes(self) -> int:
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._finish)

    def _finish(self) -> None:
        # The writer closes last: it alone may checkpoint.
        self._readers.finish()
        self._writer.finish()
