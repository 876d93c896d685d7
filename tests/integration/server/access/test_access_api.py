"""Projects, tokens and the record of what was done with them, over HTTP on both databases."""

import pytest

from edgemeter_server.services import Services


async def test_me_tells_whose_token_it_is(client_of):
    submitter = (await (await client_of("submitter", project="alpha")).get("/v1/me")).json()
    agent = (await (await client_of("agent", device="board")).get("/v1/me")).json()
    enrolment = (await (await client_of("enrolment", device_slug="new-board")).get("/v1/me")).json()

    assert (submitter["role"], submitter["project"], submitter["device"]) == ("submitter", "alpha", None)
    assert (agent["role"], agent["project"], agent["device"]) == ("agent", None, "board")
    assert (enrolment["role"], enrolment["device"]) == ("enrolment", "new-board")


async def test_projects_are_seen_by_their_own_tokens_and_if_public_by_all(client_of):
    admin = await client_of("admin")
    for slug, private in (("open", False), ("closed", True)):
        answer = await admin.post("/v1/projects", json={"slug": slug, "private": private})
        assert answer.status_code == 201

    async def seen(client) -> set[str]:
        return {item["slug"] for item in (await client.get("/v1/projects")).json()["items"]}

    assert await seen(admin) == {"default", "open", "closed"}
    assert await seen(await client_of("viewer", project="default")) == {"default", "open"}
    assert await seen(await client_of("viewer", project="closed")) == {"default", "open", "closed"}


async def test_a_slug_is_given_once(client_of):
    admin = await client_of("admin")

    assert (await admin.post("/v1/projects", json={"slug": "one"})).status_code == 201
    answer = await admin.post("/v1/projects", json={"slug": "one"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")


async def test_projects_page(client_of):
    admin = await client_of("admin")
    for number in range(5):
        await admin.post("/v1/projects", json={"slug": f"p{number}"})

    slugs, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get("/v1/projects", params=query)).json()
        slugs += [item["slug"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await admin.post("/v1/projects", json={"slug": f"late-{len(slugs)}"})

    assert slugs == ["p4", "p3", "p2", "p1", "p0", "default"]


async def test_a_token_is_told_once_and_works(client_of):
    admin = await client_of("admin")
    issued = await admin.post("/v1/tokens", json={"name": "ci", "role": "viewer", "project": "default"})
    token = issued.json()["token"]

    assert issued.status_code == 201
    assert issued.headers["cache-control"] == "no-store"
    me = await admin.get("/v1/me", headers={"authorization": f"Bearer {token}"})
    assert me.json() | {"name": "ci", "role": "viewer", "project": "default"} == me.json()
    listed = await admin.get("/v1/tokens")
    assert token not in listed.text
    assert listed.json()["items"][0]["name"] == "ci"


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"role": "viewer"}, 422),
        ({"role": "admin", "project": "default"}, 422),
        ({"role": "agent"}, 422),
        ({"role": "agent", "device": "board", "project": "default"}, 422),
        ({"role": "submitter", "project": "default", "device": "board"}, 422),
        ({"role": "king"}, 422),
        ({"role": "viewer", "project": "default", "expires_s": 0}, 422),
        ({"role": "viewer", "project": "nowhere"}, 404),
        ({"role": "agent", "device": "nowhere"}, 404),
    ],
)
async def test_role_project_and_device_go_together(client_of, message: dict[str, object], status: int):
    answer = await (await client_of("admin")).post("/v1/tokens", json={"name": "x", **message})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_tokens_expire(client_of, clock):
    admin = await client_of("admin")
    message = {"name": "brief", "role": "viewer", "project": "default", "expires_s": 60}
    headers = {"authorization": f"Bearer {(await admin.post('/v1/tokens', json=message)).json()['token']}"}

    assert (await admin.get("/v1/me", headers=headers)).status_code == 200
    clock.advance(62)
    assert (await admin.get("/v1/me", headers=headers)).status_code == 401


async def test_enrolments_last_minutes_whatever_is_asked_for(client_of, clock, services: Services):
    admin = await client_of("admin")
    for expires_s in (None, 1e6):
        message = {"name": "board", "role": "enrolment", "expires_s": expires_s}
        token = (await admin.post("/v1/tokens", json=message)).json()["token"]
        clock.advance(services.settings.enrolment_s + 1)
        answer = await admin.get("/v1/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_what_admins_do_is_on_record(client_of):
    admin = await client_of("admin")
    own_id = (await admin.get("/v1/me")).json()["id"]
    await admin.post("/v1/projects", json={"slug": "kept"})
    issued = (await admin.post("/v1/tokens", json={"name": "x", "role": "admin"})).json()
    await admin.delete(f"/v1/tokens/{issued['id']}")
    await admin.delete(f"/v1/tokens/{issued['id']}")

    entries = (await admin.get("/v1/audit")).json()["items"]
    assert [entry["action"] for entry in entries] == ["token.revoked", "token.issued", "project.created"]
    assert {entry["token_id"] for entry in entries} == {own_id}
    assert entries[1]["detail"]["token"] == issued["id"]
    assert issued["token"] not in str(entries)


async def test_what_was_refused_is_not_on_record(client_of):
    admin = await client_of("admin")
    await admin.post("/v1/projects", json={"slug": "default"})

    assert (await admin.get("/v1/audit")).json()["items"] == []


async def test_when_a_token_was_last_used_is_noted_now_and_then(client_of, clock):
    admin = await client_of("admin")
    await admin.get("/v1/me")
    clock.advance(61)

    own = (await admin.get("/v1/tokens")).json()["items"][0]
    assert own["last_used_at"] is not None
