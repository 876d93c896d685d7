"""The contract of a database: short units of work, durable before they are told of."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Work = Callable[[Connection], T]


class Database(ABC):
    """Runs units of work. All of the service's SQL is in such functions, written once for every dialect.

    A unit of work is a plain function of a SQLAlchemy Core `Connection`. It is short, does no other
    I/O, waits for nothing, neither begins nor commits, and has no effect but on the database: it
    may be run again after a serialization failure or a deadlock. It must not keep the connection
    or a result that is not fetched. An error of the database undoes the whole unit: whoever wants to
    catch one inside a unit runs the statement in `connection.begin_nested()`.

    On SQLite units that write run one after the other. On PostgreSQL they run beside each other at READ
    COMMITTED: a unit that decides by what it read locks those rows (`select(...).with_for_update()`, which
    SQLite leaves out), writes under a condition (`update(...).where(state == ...)`), or relies on a
    unique index.

    Implementations: `SqliteDatabase` (one writing connection in one thread, units coalesced into one
    synchronous commit with a savepoint each; readers are query_only), `PostgresDatabase` (asyncpg pool),
    `InlineDatabase` (a SQLite in the caller's own thread, for simulations).
    """

    @property
    @abstractmethod
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""

    @property
    def version(self) -> int | None:
        """Another number after each write: what was read stays true while it is the same. A read that began
        after it was asked for saw all of that. None where others may write too, which nobody tells.
        """
        return None

    @abstractmethod
    async def write(self, work: Work[T]) -> T:
        """Runs `work` in a transaction of its own; returns only after a durable commit.

        What `work` raises is raised here, and nothing of it is kept; the units beside it are not
        affected. Raises UnavailableError where the database cannot be reached or its disk is full: nothing
        was kept, or it is unknown whether it was (`UnavailableError.unknown`), as after a lost connection.
        """

    @abstractmethod
    async def read(self, work: Work[T]) -> T:
        """Runs `work` on one consistent snapshot; it cannot write. Sees every write that has returned."""

    @abstractmethod
    async def size_bytes(self) -> int:
        """What the database takes on disk."""

    @abstractmethod
    async def close(self) -> None:
        """Finishes what was begun, then closes every connection. Later calls raise UnavailableError."""


class UnavailableError(Exception):
    """The database, or another service that is needed, cannot do its work now.

    `full`: for want of space; `unknown`: the commit may have held.
    """

    def __init__(self, message: str, *, full: bool = False, unknown: bool = False) -> None:
        super().__init__(message)
        self.full = full
        self.unknown = unknown
