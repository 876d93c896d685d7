"""SQLite's errors that mean "not now", told in the contract's own words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from edgemeter_server.database.base import UnavailableError

_MASK = 0xFF  #: the primary code of an extended one
_TEXTS = {
    sqlite3.SQLITE_FULL: "the database's disk is full",
    sqlite3.SQLITE_IOERR: "the database's disk does not work",
    sqlite3.SQLITE_BUSY: "another program holds the database",
    sqlite3.SQLITE_LOCKED: "another program holds the database",
    sqlite3.SQLITE_NOMEM: "the database found no memory",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database's file is damaged",
    sqlite3.SQLITE_NOTADB: "the database's file is damaged",
}


@contextmanager
def translated(*, committing: bool = False) -> Iterator[None]:
    """Turns those errors into UnavailableError; all others pass.

    When the disk fails in the middle of a commit, the commit may be found whole after a crash: unknown.
    """
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        code = _code(error)
        if code not in _TEXTS:
            raise
        unknown = committing and code == sqlite3.SQLITE_IOERR
        raise UnavailableError(_TEXTS[code], full=code == sqlite3.SQLITE_FULL, unknown=unknown) from error


def _code(error: sqlite3.Error | DBAPIError) -> int:
    driver = error.orig if isinstance(error, DBAPIError) else error
    return int(getattr(driver, "sqlite_errorcode", 0)) & _MASK
