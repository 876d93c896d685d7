"""What endpoints work with: made once when the service starts, or by a test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from edgemeter_server.clock import Clock
from edgemeter_server.database.base import Database
from edgemeter_server.database.wakeups import Wakeups
from edgemeter_server.settings import Settings

if TYPE_CHECKING:
    from edgemeter_server.access.authentication import Authentication
    from edgemeter_server.artifacts.storage import Storage
    from edgemeter_server.predictors.asked import Asked
    from edgemeter_server.predictors.files import FileAnswers
    from edgemeter_server.predictors.standing import Standings


@dataclass(frozen=True, slots=True)
class Services:
    """`key` is the server's own secret (32 bytes), the same in all processes of one installation."""

    settings: Settings
    database: Database
    clock: Clock
    wakeups: Wakeups
    storage: "Storage"
    authentication: "Authentication"
    standings: "Standings"
    asked: "Asked"
    files: "FileAnswers"
    key: bytes


# Asynchronous for speed and for simulations: FastAPI would call a plain function in a thread.
async def _of_request(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(_of_request)]
