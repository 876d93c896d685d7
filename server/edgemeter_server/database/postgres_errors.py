"""What PostgreSQL's errors ask for: another try, patience, or nothing but to pass them on."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from edgemeter_server.database.base import UnavailableError

_AGAIN = frozenset({"40001", "40P01"})  #: serialization failure, deadlock
_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05"})  #: shutting down, crashed, starting, idle too long
_AWAY_CLASSES = frozenset({"08", "28", "3D"})  #: no connection, or refused: no such user or database
_NO_SPACE = "53100"
_NOT_NOW = frozenset({"55P03", "57014"})  #: a lock or a statement took too long
_NOT_NOW_CLASSES = frozenset({"53", "58"})  #: out of memory or connections; the system's own errors


class Remedy(Enum):
    AGAIN = auto()  #: run the unit again at once
    AWAY = auto()  #: the connection is lost, or none could be made
    FULL = auto()
    NOT_NOW = auto()
    NONE = auto()  #: the unit's own mistake, or a constraint it met


@contextmanager
def translated() -> Iterator[None]:
    """Turns what asks for patience into UnavailableError; all others pass."""
    try:
        yield
    except Exception as error:
        unavailable = unavailable_for(error)
        if unavailable is None:
            raise
        raise unavailable from error


def unavailable_for(error: Exception) -> UnavailableError | None:
    match remedy(error):
        case Remedy.AGAIN:
            return UnavailableError("the database was too busy with others' changes")
        case Remedy.AWAY:
            return UnavailableError("the database cannot be reached, or refuses the connection")
        case Remedy.FULL:
            return UnavailableError("the database's disk is full", full=True)
        case Remedy.NOT_NOW:
            return UnavailableError("the database cannot do this now")
        case Remedy.NONE:
            return None


def remedy(error: Exception) -> Remedy:
    if isinstance(error, OSError | PoolTimeoutError):
        return Remedy.AWAY
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Remedy.AWAY
    # asyncpg's own errors while connecting are not always wrapped.
    origin = error.orig if isinstance(error, DBAPIError) else error
    return _of_state(str(getattr(origin, "sqlstate", None) or ""))


def _of_state(state: str) -> Remedy:
    if state in _AGAIN:
        return Remedy.AGAIN
    if state in _AWAY or state[:2] in _AWAY_CLASSES:
        return Remedy.AWAY
    if state == _NO_SPACE:
        return Remedy.FULL
    if state in _NOT_NOW or state[:2] in _NOT_NOW_CLASSES:
        return Remedy.NOT_NOW
    return Remedy.NONE
