"""One SQLite connection under SQLAlchemy Core, whose transactions are begun and ended here in plain sight."""

import sqlite3
import threading
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from edgemeter_server.database.base import Work
from edgemeter_server.database.sqlite_errors import translated

T = TypeVar("T")

MEMORY = ":memory:"
BUSY_TIMEOUT_S = 10.0
_CACHED_STATEMENTS = 512
_COMPILED_STATEMENTS = 1000
_WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-16384",
    "wal_autocheckpoint=8000",  # pages: under load each is written back once for many commits
    "journal_size_limit=67108864",
)
_READER_PRAGMAS = ("query_only=ON", "temp_store=MEMORY", "cache_size=-4096")


class SqliteConnection:
    """For one thread. The driver begins and commits nothing by itself, nor does SQLAlchemy."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver
        _opening.driver = driver
        self._connection: Connection = _engine().connect()

    def begin(self) -> None:
        """Takes the write lock at once: a transaction that starts by reading could not take it later."""
        with translated():
            self._driver.execute("BEGIN IMMEDIATE")

    def attempt(self, work: Work[T]) -> T:
        """Runs one of a transaction's units. What it wrote is undone when it raises, and nothing else."""
        with translated():
            self._driver.execute("SAVEPOINT unit")
            try:
                result = work(self._connection)
            except BaseException:
                self._undo()
                raise
            self._driver.execute("RELEASE unit")
        return result

    def _undo(self) -> None:
        if self.in_transaction:
            self._driver.execute("ROLLBACK TO unit")
            self._driver.execute("RELEASE unit")

    @property
    def in_transaction(self) -> bool:
        """False after an error, such as a full disk, for which SQLite gave up the whole transaction."""
        return self._driver.in_transaction

    def commit(self) -> None:
        """Returns when it is on the disk. After an error nothing is left of the transaction."""
        try:
            with translated(committing=True):
                self._driver.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        if self.in_transaction:
            self._driver.execute("ROLLBACK")

    def look(self, work: Work[T]) -> T:
        """Runs `work` on one snapshot."""
        with translated():
            self._driver.execute("BEGIN")
            try:
                return work(self._connection)
            finally:
                self.roll_back()

    @property
    def changes(self) -> int:
        """Rows that were ever written, undone or not.

        For who reads and writes on one connection: switching `query_only` would have SQLite compile
        every statement again.
        """
        return self._driver.total_changes

    def enforce_foreign_keys(self, enforced: bool) -> None:
        """Outside of transactions only."""
        self._driver.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")

    def copy_to(self, target: sqlite3.Connection) -> None:
        """One snapshot of the whole database."""
        with translated():
            self._driver.backup(target)

    def close(self) -> None:
        self._connection.close()
        self._driver.close()


#: The driver's connection that this thread is about to wrap.
_opening = threading.local()


@cache
def _engine() -> Engine:
    """One for all connections: what a statement is compiled to for one of them serves the others."""
    return create_engine(
        "sqlite://",
        creator=lambda: _opening.driver,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        query_cache_size=_COMPILED_STATEMENTS,
    )


def open_writer(path: Path | str) -> SqliteConnection:
    """The one connection of a database that writes and checkpoints. `path` may be `MEMORY`."""
    return _opened(sqlite3.connect(path, **_options()), _WRITER_PRAGMAS)


def open_reader(path: Path) -> SqliteConnection:
    """Cannot write, nor checkpoint, not even when it is the last to close."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    return _opened(sqlite3.connect(uri, uri=True, **_options()), _READER_PRAGMAS)


def _options() -> dict[str, Any]:
    return {
        "timeout": BUSY_TIMEOUT_S,
        "isolation_level": None,
        "check_same_thread": False,
        "cached_statements": _CACHED_STATEMENTS,
    }


def _opened(driver: sqlite3.Connection, pragmas: tuple[str, ...]) -> SqliteConnection:
    for pragma in pragmas:
        driver.execute(f"PRAGMA {pragma}")
    return SqliteConnection(driver)
