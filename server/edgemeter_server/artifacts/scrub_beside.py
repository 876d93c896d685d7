"""A scrub in a process of its own, beside the server if one runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from edgemeter.failures import EdgeMeterError
from edgemeter_server.artifacts.opening import open_storage
from edgemeter_server.artifacts.scrubbing import Reader, Scrubbed, scrub
from edgemeter_server.database.base import UnavailableError, Work
from edgemeter_server.database.opening import database_file, open_database
from edgemeter_server.database.sqlite_connection import SqliteConnection, open_reader
from edgemeter_server.settings import Settings

T = TypeVar("T")


class NoDatabaseError(EdgeMeterError):
    """The database that the settings name is not there, or cannot be read."""


async def scrub_beside(settings: Settings) -> Scrubbed:
    """Raises EdgeMeterError where database or storage cannot be read."""
    try:
        async with _database(settings) as database:
            storage = open_storage(settings)
            try:
                return await scrub(database, storage)
            finally:
                await storage.close()
    except UnavailableError as error:
        raise NoDatabaseError(str(error)) from error


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Reader]:
    if settings.database_url is not None:
        async with open_database(settings) as opened:
            yield opened.database
        return
    file = database_file(settings)
    if not file.exists():
        raise NoDatabaseError("the data folder holds no server's database")
    # Not as a server opens it, which would have to be the only one: this one cannot write.
    connection = open_reader(file)
    try:
        yield _Look(connection)
    finally:
        connection.close()


class _Look:
    """Reads in this thread, which has nothing else to do."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    async def read(self, work: Work[T]) -> T:
        return self._connection.look(work)
