"""A revoked token stops at once where it was revoked, and within five seconds everywhere."""

import httpx

from edgemeter.wire.access import Role
from edgemeter_server.access.authentication import Authentication
from edgemeter_server.access.tokens import new_token
from edgemeter_server.services import Services
from edgemeter_server.testing import issue_token


async def _token_id(admin: httpx.AsyncClient, token: str) -> int:
    me = await admin.get("/v1/me", headers={"authorization": f"Bearer {token}"})
    return int(me.json()["id"])


async def test_revoked_here_is_refused_here_at_once(client_of, services: Services):
    admin, token = await client_of("admin"), await issue_token(services, Role.VIEWER)
    token_id = await _token_id(admin, token)

    assert (await admin.delete(f"/v1/tokens/{token_id}")).status_code == 204
    answer = await admin.get("/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


async def test_revoked_elsewhere_is_refused_here_within_five_seconds(client_of, services: Services, clock):
    """A second server of the same database has caches of its own, which nobody tells."""
    admin, token = await client_of("admin"), await issue_token(services, Role.VIEWER)
    elsewhere = Authentication(services.database, clock, monotonic_s=clock.monotonic_s)
    assert await elsewhere.authenticate(token) is not None

    await admin.delete(f"/v1/tokens/{await _token_id(admin, token)}")
    clock.advance(5)
    assert await elsewhere.authenticate(token) is None


async def test_a_new_token_works_though_it_was_tried_before(services: Services, clock):
    token = new_token()

    assert await services.authentication.authenticate(token) is None
    clock.advance(5)
    assert await services.authentication.authenticate(token) is None


async def test_revoking_again_changes_nothing(client_of):
    admin = await client_of("admin")
    issued = (await admin.post("/v1/tokens", json={"name": "x", "role": "admin"})).json()
    await admin.delete(f"/v1/tokens/{issued['id']}")
    first = (await admin.get("/v1/tokens")).json()["items"][0]["revoked_at"]

    assert (await admin.delete(f"/v1/tokens/{issued['id']}")).status_code == 204
    assert (await admin.get("/v1/tokens")).json()["items"][0]["revoked_at"] == first


async def test_nobody_locks_everybody_out(client_of):
    admin = await client_of("admin")
    own_id = (await admin.get("/v1/me")).json()["id"]

    assert (await admin.delete(f"/v1/tokens/{own_id}")).status_code == 409
    assert (await admin.delete("/v1/tokens/999999")).status_code == 404
    assert (await admin.delete(f"/v1/tokens/{2**63}")).status_code == 422


async def test_garbage_never_reaches_the_database(services: Services):
    await services.database.close()

    for garbage in ("", "em_", "x" * 4000, new_token() + "x", new_token().lower(), "em_" + "a" * 49):
        assert await services.authentication.authenticate(garbage) is None


async def test_invented_tokens_do_not_fill_memory(services: Services):
    for _ in range(300):
        assert await services.authentication.authenticate(new_token()) is None
