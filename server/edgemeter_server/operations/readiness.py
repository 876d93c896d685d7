"""Whether this server can do its work now: asked by load balancers, answered within a few seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from sqlalchemy import text

from edgemeter_server.database.schema import SchemaError, SchemaState, state_of
from edgemeter_server.services import Services

_log = structlog.get_logger()

BOUND_S: Final = 3.0
_NO_ARTIFACT: Final = "0" * 64


async def failing(services: Services) -> list[str]:
    """What does not work, by name: "database", "migrations", "storage". The reasons are in the log."""
    checks = {"database": _database, "migrations": _migrations, "storage": _storage}
    works = await asyncio.gather(*(_works(name, check, services) for name, check in checks.items()))
    return [name for name, good in zip(checks, works, strict=True) if not good]


async def _works(name: str, check: Callable[[Services], Awaitable[None]], services: Services) -> bool:
    try:
        async with asyncio.timeout(BOUND_S):
            await check(services)
    except Exception as error:  # noqa: BLE001  # whatever it is, this server is not ready
        _log.warning("not ready", check=name, error=repr(error))
        return False
    return True


async def _database(services: Services) -> None:
    await services.database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())


async def _migrations(services: Services) -> None:
    state = await services.database.read(state_of)
    if state is not SchemaState.CURRENT:
        raise SchemaError(f"the schema is {state}")


async def _storage(services: Services) -> None:
    await services.storage.exists(_NO_ARTIFACT)
