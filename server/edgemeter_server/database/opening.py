"""From the settings to a database that is ready: locked, of the right schema, with its clock and wake-ups."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from edgemeter_server.clock import Clock, DatabaseClock, SystemClock
from edgemeter_server.database.base import Database
from edgemeter_server.database.folder_lock import FolderLock
from edgemeter_server.database.notifications import PostgresWakeups
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.schema import SchemaError, SchemaState
from edgemeter_server.database.sqlite import SqliteDatabase
from edgemeter_server.database.upgrading import (
    Upgrade,
    state_of_postgres,
    state_of_sqlite,
    upgrade_postgres,
    upgrade_sqlite,
)
from edgemeter_server.database.wakeups import LocalWakeups, Wakeups
from edgemeter_server.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenedDatabase:
    database: Database
    clock: Clock
    wakeups: Wakeups


def database_file(settings: Settings) -> Path:
    """Of SQLite."""
    return settings.data_folder / "edgemeter.db"


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[OpenedDatabase]:
    """SQLite is upgraded on the way; a PostgreSQL that needs it is refused: other servers may be running.

    Raises FolderInUseError, SchemaError, and UnavailableError where the database cannot be reached.
    """
    opening = _sqlite(settings) if settings.database_url is None else _postgres(settings.database_url)
    async with opening as opened:
        yield opened


async def upgrade(settings: Settings) -> Upgrade:
    """`edgemeter db upgrade`. Raises FolderInUseError while a server uses the SQLite."""
    if settings.database_url is not None:
        return await upgrade_postgres(settings.database_url)
    with FolderLock(settings.data_folder):
        return await asyncio.to_thread(upgrade_sqlite, database_file(settings))


async def state(settings: Settings) -> SchemaState:
    """`edgemeter db check`."""
    if settings.database_url is not None:
        return await state_of_postgres(settings.database_url)
    return await asyncio.to_thread(state_of_sqlite, database_file(settings))


@asynccontextmanager
async def _sqlite(settings: Settings) -> AsyncIterator[OpenedDatabase]:
    path = database_file(settings)
    with FolderLock(settings.data_folder):
        await asyncio.to_thread(upgrade_sqlite, path)
        database = SqliteDatabase(path)
        try:
            yield OpenedDatabase(database, SystemClock(), LocalWakeups())
        finally:
            await database.close()


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[OpenedDatabase]:
    _refuse(await state_of_postgres(url))
    database = PostgresDatabase(url)
    wakeups = PostgresWakeups(url)
    try:
        yield OpenedDatabase(database, DatabaseClock(), wakeups)
    finally:
        await wakeups.close()
        await database.close()


def _refuse(state: SchemaState) -> None:
    if state is SchemaState.AHEAD:
        raise SchemaError("the database was made by a newer EdgeMeter: install that one")
    if state is not SchemaState.CURRENT:
        raise SchemaError(
            f"the database's schema is {state}: run `edgemeter db upgrade` once, then start again"
        )
