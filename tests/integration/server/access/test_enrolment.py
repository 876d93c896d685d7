"""A one-time token becomes the token of one device's agent, and of no other."""

import asyncio

from edgemeter.wire.access import Role
from edgemeter_server.services import Services
from edgemeter_server.testing import issue_token


async def _enrol(client_of, slug: str, *, bound_to: str | None = None):
    client = await client_of("enrolment", device_slug=bound_to)
    return await client.post("/v1/agent/enrol", json={"device": slug})


async def test_it_makes_the_device_and_an_agent_of_it(client_of):
    enrolled = await _enrol(client_of, "board-1")
    agent = {"authorization": f"Bearer {enrolled.json()['token']}"}
    me = (await (await client_of("admin")).get("/v1/me", headers=agent)).json()

    assert enrolled.status_code == 201
    assert (me["role"], me["device"]) == ("agent", "board-1")


async def test_it_is_good_once(client_of):
    client = await client_of("enrolment")

    assert (await client.post("/v1/agent/enrol", json={"device": "board-1"})).status_code == 201
    again = await client.post("/v1/agent/enrol", json={"device": "board-2"})
    assert (again.status_code, again.json()["type"]) == (401, "/problems/unauthenticated")


async def test_it_is_good_once_also_at_the_same_time(client_of):
    client = await client_of("enrolment")
    answers = await asyncio.gather(
        *(client.post("/v1/agent/enrol", json={"device": f"board-{number}"}) for number in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 7


async def test_two_tokens_make_one_device_at_the_same_time(client_of):
    answers = await asyncio.gather(*(_enrol(client_of, "board-1") for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_one_bound_to_a_device_makes_no_other_and_is_not_used_up_by_trying(client_of):
    client = await client_of("enrolment", device_slug="board-1")

    assert (await client.post("/v1/agent/enrol", json={"device": "board-2"})).status_code == 403
    assert (await client.post("/v1/agent/enrol", json={"device": "board-1"})).status_code == 201


async def test_one_that_names_no_device_takes_over_none(client_of):
    await _enrol(client_of, "board-1")
    answer = await _enrol(client_of, "board-1")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")


async def test_enrolling_again_ends_the_former_agent(client_of):
    admin = await client_of("admin")
    former, other, latter = [
        {"authorization": f"Bearer {answer.json()['token']}"}
        for answer in (
            await _enrol(client_of, "board-1"),
            await _enrol(client_of, "board-2"),
            await _enrol(client_of, "board-1", bound_to="board-1"),
        )
    ]

    assert (await admin.get("/v1/me", headers=former)).status_code == 401
    assert (await admin.get("/v1/me", headers=other)).status_code == 200
    assert (await admin.get("/v1/me", headers=latter)).status_code == 200


async def test_it_expires(client_of, services: Services, clock):
    token = await issue_token(services, Role.ENROLMENT, expires_us=clock.now_us(None) + 1_000_000)
    clock.advance(2)
    client = await client_of("enrolment")
    answer = await client.post(
        "/v1/agent/enrol", json={"device": "board"}, headers={"authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 401


async def test_it_is_on_record(client_of):
    await _enrol(client_of, "board-1")
    entry = (await (await client_of("admin")).get("/v1/audit")).json()["items"][0]

    assert (entry["action"], entry["device"]) == ("device.enrolled", "board-1")
