"""The fixtures themselves: a service that answers, on both databases."""

from collections.abc import Awaitable, Callable

import httpx

from edgemeter.wire.access import Role
from edgemeter_server.database.installation import epoch
from edgemeter_server.services import Services


async def test_a_token_made_for_a_test_is_one_of_the_service(
    services: Services, client_of: Callable[..., Awaitable[httpx.AsyncClient]]
) -> None:
    client = await client_of(Role.SUBMITTER, project="mine")
    caller = await services.authentication.authenticate(
        client.headers["authorization"].removeprefix("Bearer ")
    )
    assert caller is not None
    assert caller.role is Role.SUBMITTER
    assert caller.project_id is not None


async def test_every_database_begins_in_its_first_epoch(services: Services) -> None:
    assert await services.database.read(epoch) == 1
