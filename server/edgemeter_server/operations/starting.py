"""From settings to services, and back to nothing left open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edgemeter_server.access.authentication import Authentication
from edgemeter_server.artifacts.opening import open_storage
from edgemeter_server.database import installation
from edgemeter_server.database.opening import open_database
from edgemeter_server.operations.keys import key_of_epoch, server_key
from edgemeter_server.operations.start_error import StartError
from edgemeter_server.predictors.asked import Asked
from edgemeter_server.predictors.files import FileAnswers
from edgemeter_server.predictors.standing import Standings
from edgemeter_server.services import Services
from edgemeter_server.settings import Settings


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Raises EdgeMeterError, StorageError, UnavailableError or OSError where it cannot be done."""
    _make_private(settings.data_folder)
    async with open_database(settings) as opened:
        key = server_key(settings)
        epoch = await opened.database.read(installation.epoch)
        storage = open_storage(settings)
        try:
            yield Services(
                settings=settings,
                database=opened.database,
                clock=opened.clock,
                wakeups=opened.wakeups,
                storage=storage,
                authentication=Authentication(opened.database, opened.clock),
                standings=Standings(),
                asked=Asked(),
                files=FileAnswers(),
                key=key_of_epoch(key, epoch),
            )
        finally:
            await storage.close()


def _make_private(folder: Path) -> None:
    """Others may not even list it: tokens, keys and everybody's networks are in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartError(f"the data folder {folder} cannot be made: {error.strerror}") from None
