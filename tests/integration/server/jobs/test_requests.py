"""Requests: many at once, repeated, refused, listed, shared, cancelled."""

import asyncio

import pytest
from sqlalchemy import func, select

from edgemeter.wire.requests import MAX_ITEMS
from edgemeter_server.jobs.sweeping import sweep
from edgemeter_server.jobs.tables import idempotency_keys, jobs, requests, specs

KEY = {"Idempotency-Key": "a-key-of-mine"}


async def count(services, table):
    counted = select(func.count()).select_from(table)
    return await services.database.read(lambda connection: connection.execute(counted).scalar_one())


async def test_ten_thousand_requests_are_one_transaction(lab, services):
    await lab.target()
    digests = await lab.networks(MAX_ITEMS)
    documents = await lab.requested(*(lab.item(digest, label=digest[:8]) for digest in digests))
    assert [document["artifact"] for document in documents] == digests
    assert [document["label"] for document in documents] == [digest[:8] for digest in digests]
    ids = [document["id"] for document in documents]
    assert ids == sorted(set(ids))
    assert await count(services, jobs) == await count(services, requests) == MAX_ITEMS
    assert await count(services, specs) == 1


async def test_more_are_refused(lab, services):
    await lab.target()
    [digest] = await lab.networks(1)
    assert (await lab.submit(*[lab.item(digest)] * (MAX_ITEMS + 1))).status_code == 422
    assert (await lab.submit()).status_code == 422
    assert await count(services, requests) == 0


async def test_all_or_none(lab, services):
    await lab.target()
    digests = await lab.networks(2)
    missing = "f" * 64
    for wrong, status, place in (
        (lab.item(missing), 404, "/items/1/artifact"),
        (lab.item(digests[1], "no.such.target"), 404, "/items/1/target"),
        (lab.item(digests[1], spec={"protocol": "sloppy"}), 422, "/items/1/spec"),
        (lab.item(digests[1], spec={"settings": {"vists": 3}}), 422, "/items/1/spec"),
        (lab.item(digests[1], spec={"settings": {"visits": 0}}), 422, "/items/1/spec"),
    ):
        answer = await lab.submit(lab.item(digests[0]), wrong)
        assert answer.status_code == status
        assert [error["pointer"] for error in answer.json()["errors"]] == [place]
    assert await count(services, requests) == await count(services, jobs) == 0


async def test_knowing_a_file_of_another_project_gives_nothing(lab, client_of):
    stranger = await client_of("submitter", project="theirs")
    [digest] = await lab.networks(1)
    await lab.target()
    message = {"project": "theirs", "items": [lab.item(digest)]}
    assert (await stranger.post("/v1/requests", json=message)).status_code == 404
    message = {"project": "default", "items": [lab.item(digest)]}
    assert (await stranger.post("/v1/requests", json=message)).status_code == 404


async def test_the_same_message_with_its_key_is_accepted_once(lab, services):
    await lab.target()
    digests = await lab.networks(3)
    items = [lab.item(digest) for digest in digests]
    answers = await asyncio.gather(*(lab.submit(*items, **KEY) for _ in range(3)))
    answers.append(await lab.submit(*items, **KEY))
    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert await count(services, requests) == 3

    other = await lab.submit(*items[:2], **KEY)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/idempotency-mismatch")
    assert (await lab.submit(*items)).status_code == 201
    assert await count(services, requests) == 6


async def test_a_key_is_forgotten_after_a_while(lab, services, clock):
    await lab.target()
    one, two = await lab.networks(2)
    await lab.submit(lab.item(one), **KEY)
    clock.advance(services.settings.keep_idempotency_s + 1)
    assert (await lab.submit(lab.item(two), **KEY)).status_code == 201
    clock.advance(services.settings.keep_idempotency_s + 1)
    await sweep(services)
    assert await count(services, idempotency_keys) == 0


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "caf\u00e9"])
async def test_keys_that_are_refused(lab, key):
    await lab.target()
    [digest] = await lab.networks(1)
    answer = await lab.submitter.post(
        "/v1/requests",
        json={"items": [lab.item(digest)]},
        headers=[(b"Idempotency-Key", key.encode())],
    )
    assert answer.status_code == 422


async def test_the_quota_of_a_project_counts_its_open_jobs(lab, services):
    tight = services.settings.model_copy(update={"open_jobs_per_project": 3})
    object.__setattr__(services, "settings", tight)
    agent = await lab.agent()
    digests = await lab.networks(5)
    assert (await lab.submit(*map(lab.item, digests[:3]))).status_code == 201
    full = await lab.submit(lab.item(digests[3]))
    assert (full.status_code, full.json()["type"]) == (403, "/problems/quota-exceeded")
    assert (await lab.submit(lab.item(digests[0]))).status_code == 201
    [lease] = await agent.claim()
    await agent.report((lease, lab.measured(lease)))
    assert (await lab.submit(lab.item(digests[3]))).status_code == 201


async def test_lists_filter_and_page(lab, client_of):
    agent = await lab.agent()
    await lab.target("idle")
    digests = await lab.networks(4)
    await lab.requested(*(lab.item(digest, label=f"n{index}") for index, digest in enumerate(digests)))
    await lab.requested(lab.item(digests[0], "idle", label="n0"))
    [lease] = await agent.claim()
    await agent.report((lease, lab.measured(lease)))

    async def shown(**params):
        answer = await lab.submitter.get("/v1/requests", params=params)
        assert answer.status_code == 200, answer.text
        return [(document["label"], document["target"]) for document in answer.json()["items"]]

    assert len(await shown()) == 5
    assert await shown(target="idle") == [("n0", "idle")]
    assert await shown(label="n0") == [("n0", "idle"), ("n0", lab.TARGET)]
    assert await shown(artifact=digests[2]) == [("n2", lab.TARGET)]
    assert await shown(state="done") == [("n0", lab.TARGET)]
    assert len(await shown(state="waiting", project="default")) == 4
    assert await shown(state="running") == await shown(state="cancelled") == await shown(project="no") == []
    page = (await lab.submitter.get("/v1/requests", params={"limit": 2})).json()
    await lab.requested(lab.item(digests[1], fresh=True))
    rest = (await lab.submitter.get("/v1/requests", params={"cursor": page["next_cursor"]})).json()
    ids = [document["id"] for document in page["items"] + rest["items"]]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    listed = (await lab.submitter.get("/v1/jobs", params={"state": "done"})).json()["items"]
    assert [job["artifact"] for job in listed] == [digests[0]]


async def test_a_private_project_is_not_seen_by_others(lab, client_of):
    owner, stranger = await client_of("submitter", project="mine"), await client_of("viewer")
    await lab.target()
    [digest] = await lab.networks(1, project="mine")
    answer = await owner.post("/v1/requests", json={"project": "mine", "items": [lab.item(digest)]})
    [request] = answer.json()["requests"]
    places = (f"/v1/requests/{request['id']}", f"/v1/jobs/{request['job_id']}")
    for place in places:
        assert (await owner.get(place)).status_code == 200
        assert (await stranger.get(place)).status_code == 404
    for place in ("/v1/requests", "/v1/jobs"):
        assert len((await owner.get(place)).json()["items"]) == 1
        assert (await stranger.get(place)).json()["items"] == []
    assert (await lab.submitter.post(f"{places[0]}/cancel")).status_code == 404


async def test_projects_with_the_same_file_share_a_job_and_not_its_name(lab, client_of):
    owner = await client_of("submitter", project="mine")
    await lab.target()
    [digest] = await lab.networks(1)
    await lab.networks(1, project="mine")
    [ours] = await lab.requested(lab.item(digest))
    answer = await owner.post("/v1/requests", json={"project": "mine", "items": [lab.item(digest)]})
    [theirs] = answer.json()["requests"]
    assert theirs["job_id"] == ours["job_id"]
    assert theirs["name"].startswith("mine-")
    assert ours["name"].startswith("default-")


async def test_a_job_is_cancelled_with_its_last_request(lab):
    agent = await lab.agent()
    [digest] = await lab.networks(1)
    one, two = await lab.requested(lab.item(digest), lab.item(digest))

    first = await lab.submitter.post(f"/v1/requests/{one['id']}/cancel")
    again = await lab.submitter.post(f"/v1/requests/{one['id']}/cancel")
    assert first.status_code == again.status_code == 200
    assert first.json()["state"] == again.json()["state"] == "cancelled"
    assert (await lab.request(two["id"]))["state"] == "waiting"
    assert (await lab.job(one["job_id"]))["state"] == "pending"

    await lab.submitter.post(f"/v1/requests/{two['id']}/cancel")
    assert (await lab.job(one["job_id"]))["state"] == "cancelled"
    assert await agent.claim() == []
    [anew] = await lab.requested(lab.item(digest))
    assert anew["job_id"] != one["job_id"]
    assert len(await agent.claim()) == 1


async def test_what_has_ended_is_not_cancelled(lab):
    agent = await lab.agent()
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    [lease] = await agent.claim()
    await agent.report((lease, lab.measured(lease)))
    answer = await lab.submitter.post(f"/v1/requests/{request['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert (await lab.submitter.post("/v1/requests/999999/cancel")).status_code == 404
