"""What PostgreSQL's errors ask for: another try, patience, or nothing but to pass them on."""

from enum import Enum, auto

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_AGAIN = frozenset({"40001", "40P01"})  #: serialization failure, deadlock
_AWAY = frozenset({"57P01", "57P02", "57P03", "57P05"})  #: shutting down, crashed, starting, idle too long
_AWAY_CLASS = "08"  #: connection exceptions
_NO_SPACE = "53100"
_NOT_NOW = frozenset({"55P03", "57014"})  #: a lock or a statement took too long
_NOT_NOW_CLASSES = frozenset({"53", "58"})  #: out of memory or connections; the system's own errors


class Remedy(Enum):
    AGAIN = auto()  #: run the unit again at once
    AWAY = auto()  #: the connection is lost, or none could be made
    FULL = auto()
    NOT_NOW = auto()
    NONE = auto()  #: the unit's own mistake, or a constraint it met


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
    if state in _AWAY or state.startswith(_AWAY_CLASS):
        return Remedy.AWAY
    if state == _NO_SPACE:
        return Remedy.FULL
    if state in _NOT_NOW or state[:2] in _NOT_NOW_CLASSES:
        return Remedy.NOT_NOW
    return Remedy.NONE
