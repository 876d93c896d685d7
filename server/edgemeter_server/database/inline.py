"""SQLite in the caller's own thread, for simulations: no threads, no waiting, no real time."""

import sqlite3
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from edgemeter_server.database.base import Database, UnavailableError, Work
from edgemeter_server.database.sqlite_connection import MEMORY, open_writer

T = TypeVar("T")

_READ_ONLY = "it has written, which was undone"
_SIZE = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")


class InlineDatabase(Database):
    """One transaction at a time, each begun and ended before the call gives way to others."""

    def __init__(self, path: Path | str = MEMORY) -> None:
        self._connection = open_writer(path)
        self._closed = False

    @property
    def dialect(self) -> str:
        return "sqlite"

    async def write(self, work: Work[T]) -> T:
        self._check_open()
        self._connection.begin()
        try:
            result = self._connection.attempt(work)
        except BaseException:
            self._connection.roll_back()
            raise
        self._connection.commit()
        return result

    async def read(self, work: Work[T]) -> T:
        self._check_open()
        before = self._connection.changes
        result = self._connection.look(work)
        if self._connection.changes != before:
            raise OperationalError("a unit that reads", None, sqlite3.OperationalError(_READ_ONLY))
        return result

    async def size_bytes(self) -> int:
        return int(await self.read(lambda connection: connection.execute(_SIZE).scalar_one()))

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise UnavailableError("the database is closed")
