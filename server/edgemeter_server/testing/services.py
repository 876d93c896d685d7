"""The services of one server process on a database of the caller's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edgemeter_server.access.authentication import Authentication
from edgemeter_server.access.projects import ensure_default
from edgemeter_server.artifacts.local_storage import LocalStorage
from edgemeter_server.artifacts.storage import Storage
from edgemeter_server.database.base import Database
from edgemeter_server.database.wakeups import LocalWakeups, Wakeups
from edgemeter_server.predictors.asked import Asked
from edgemeter_server.predictors.files import FileAnswers
from edgemeter_server.predictors.standing import Standings
from edgemeter_server.services import Services
from edgemeter_server.settings import Settings
from edgemeter_server.testing.clock import ManualClock

KEY = bytes(range(32))


@asynccontextmanager
async def make_services(
    database: Database,
    folder: Path,
    clock: ManualClock,
    *,
    settings: Settings | None = None,
    storage: Storage | None = None,
    wakeups: Wakeups | None = None,
) -> AsyncIterator[Services]:
    """`database` has its tables and stays open. There is a project "default"; artifacts lie in `folder`."""
    await database.write(lambda connection: ensure_default(connection, clock.now_us(connection)))
    kept = storage if storage is not None else LocalStorage(folder / "artifacts")
    try:
        yield Services(
            settings=settings if settings is not None else Settings(data_folder=folder),
            database=database,
            clock=clock,
            wakeups=wakeups if wakeups is not None else LocalWakeups(),
            storage=kept,
            authentication=Authentication(database, clock, monotonic_s=clock.monotonic_s),
            standings=Standings(),
            asked=Asked(),
            files=FileAnswers(),
            key=KEY,
        )
    finally:
        await kept.close()
