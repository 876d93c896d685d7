"""PostgreSQL by asyncpg: any number of server processes over one database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from edgemeter_server.database.base import Database, UnavailableError, Work
from edgemeter_server.database.postgres_errors import Remedy, remedy, translated

T = TypeVar("T")

CONNECTIONS = 16  #: of each process; commits that wait together share PostgreSQL's own write to disk
_CHECKOUT_S = 30.0  #: a thousand calls that come at once wait for each other
_CONNECT_S = 5.0
_TRIES = 6
_SIZE = text("SELECT pg_database_size(current_database())")
_SESSION = {
    "application_name": "edgemeter",
    "timezone": "UTC",
    "jit": "off",  # costs more than it saves on statements that take less than a millisecond
    "lock_timeout": "20s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}


def engine_of(url: str, *, connections: int = CONNECTIONS) -> AsyncEngine:
    """`url` as in the settings: postgresql://user:password@host/name."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_CHECKOUT_S,
        connect_args={
            "server_settings": _SESSION,
            "timeout": _CONNECT_S,
            "prepared_statement_cache_size": 512,
        },
    )


class PostgresDatabase(Database):
    """Writes at READ COMMITTED, reads on a snapshot (REPEATABLE READ, READ ONLY), from one event loop.

    A unit that has begun is finished even when its caller is cancelled, as on SQLite: a client that hangs
    up costs no connection. One that met a serialization failure or a deadlock is run again.
    """

    def __init__(self, url: str, *, connections: int = CONNECTIONS) -> None:
        self._engine = engine_of(url, connections=connections)
        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def dialect(self) -> str:
        return "postgresql"

    async def write(self, work: Work[T]) -> T:
        return await self._finished(_tried(partial(_written, self._engine, work)))

    async def read(self, work: Work[T]) -> T:
        return await self._finished(_tried(partial(_seen, self._snapshots, work)))

    async def size_bytes(self) -> int:
        return await self.read(lambda connection: int(connection.execute(_SIZE).scalar_one()))

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()

    async def _finished(self, unit: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            unit.close()
            raise UnavailableError("the database is closed")
        task = asyncio.create_task(unit)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)


async def _tried(unit: Callable[[], Awaitable[T]]) -> T:
    for left in reversed(range(_TRIES)):
        try:
            return await unit()
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  # passed on, unless it asks for another try
            _pass_on(error, left)
    raise AssertionError("the last try raises or returns")


async def _written(engine: AsyncEngine, work: Work[T]) -> T:
    async with engine.connect() as connection:
        result = await connection.run_sync(work)
        await _commit(connection)
        return result


async def _seen(engine: AsyncEngine, work: Work[T]) -> T:
    async with engine.connect() as connection:
        return await connection.run_sync(work)


async def _commit(connection: AsyncConnection) -> None:
    try:
        await connection.commit()
    except Exception as error:
        if remedy(error) is Remedy.AWAY:
            raise UnavailableError("the database went away during a commit", unknown=True) from error
        raise


def _pass_on(error: Exception, left: int) -> None:
    """Returns when the unit should be run again: nothing of it is kept."""
    asked = remedy(error)
    if asked is Remedy.AGAIN and left > 0:
        return
    if asked is Remedy.AWAY and left == _TRIES - 1:
        return  # the pool may have held a connection that was lost long ago
    with translated():
        raise error


@asynccontextmanager
async def one_connection(url: str) -> AsyncIterator[AsyncConnection]:
    """For a command: begins a transaction, commits nothing by itself. Raises UnavailableError too."""
    engine = engine_of(url, connections=1)
    try:
        with translated():
            async with engine.connect() as connection:
                yield connection
    finally:
        await engine.dispose()
