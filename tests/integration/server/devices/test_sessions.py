"""Sessions open, take over, offer, and close."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from edgemeter.targets import Precision
from edgemeter.wire.access import Role
from edgemeter.wire.agents import PROTOCOL_VERSION
from edgemeter.wire.problems import ProblemType
from edgemeter_server.app import create_app
from edgemeter_server.devices import sessions, targets
from edgemeter_server.devices.tables import agent_sessions, devices, target_revisions
from edgemeter_server.http.problems import Refusal
from edgemeter_server.services import Services
from edgemeter_server.testing import ManualClock, issue_token

from .conftest import Submit, claim, newest, offer, open_session, opening, target

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]
SLUG = "xeon-2c.cpu.onnxruntime-1.31.fp32.t1.b1"


async def current(services: Services, slug: str = SLUG) -> frozenset[int]:
    return await services.database.read(lambda c: targets.current_revisions(c, targets.target_id(c, slug)))


async def test_a_new_target_awaits_approval(client_of: ClientOf, services: Services) -> None:
    agent = await client_of(Role.AGENT, device="rack-1")
    opened = await open_session(agent)
    assert opened["device"] == "rack-1"
    assert opened["renew_every_s"] == opened["lease_s"] / 3
    assert opened["offers"] == [{"slug": SLUG, "revision": 1, "approved": False}]
    assert await current(services) == frozenset()


async def test_auto_approval(services: Services) -> None:
    changed = replace(services, settings=services.settings.model_copy(update={"auto_approve": True}))
    token = await issue_token(services, Role.AGENT, device="rack-1")
    transport = httpx.ASGITransport(create_app(changed))
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as agent:
        opened = await open_session(agent)
    assert opened["offers"][0]["approved"]
    assert len(await current(services)) == 1


@pytest.mark.parametrize("version", [PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1])
async def test_another_protocol_is_refused(client_of: ClientOf, version: int) -> None:
    agent = await client_of(Role.AGENT, device="rack-1")
    reply = await agent.post("/v1/agent/sessions", json=opening(offer(target()), version=version))
    assert reply.status_code == 426
    assert reply.json()["type"] == f"/problems/{ProblemType.AGENT_TOO_OLD}"


async def test_a_fingerprint_makes_a_revision_and_keeps_the_approval(
    client_of: ClientOf, services: Services
) -> None:
    agent, admin = await client_of(Role.AGENT, device="rack-1"), await client_of(Role.ADMIN)
    await open_session(agent, offer(target(), kernel="6.1"))
    await admin.post("/v1/devices/rack-1/approve", json={})
    before = await current(services)
    second = await open_session(agent, offer(target(), kernel="6.2"))
    assert second["offers"] == [{"slug": SLUG, "revision": 2, "approved": True}]
    assert not before & await current(services)
    third = await open_session(agent, offer(target(), kernel="6.1"))
    assert third["offers"][0]["revision"] == 1
    assert await current(services) == before


async def test_two_devices_share_targets_and_revisions(client_of: ClientOf, services: Services) -> None:
    for slug, kernel in (("a", "6.1"), ("b", "6.1"), ("c", "6.2")):
        opened = await open_session(await client_of(Role.AGENT, device=slug), offer(target(), kernel=kernel))
        assert opened["offers"][0]["revision"] == (2 if kernel == "6.2" else 1)
    rows = await services.database.read(lambda c: c.execute(select(target_revisions)).all())
    assert sorted(row.number for row in rows) == [1, 2]


async def test_a_new_session_ends_the_former_and_its_leases(
    client_of: ClientOf, services: Services, submit: Submit
) -> None:
    agent, admin = await client_of(Role.AGENT, device="rack-1"), await client_of(Role.ADMIN)
    first = await open_session(agent)
    await admin.post("/v1/devices/rack-1/approve", json={})
    (job_id,) = await submit(SLUG, 1)
    assert [lease["job_id"] for lease in await claim(agent, first["session_id"])] == [job_id]
    second = await open_session(agent)
    message = {"session_id": first["session_id"], "claim_id": "0" * 32}
    reply = await agent.post("/v1/agent/claims", json=message)
    assert (reply.status_code, reply.json()["type"]) == (409, "/problems/session-closed")
    job = (await admin.get(f"/v1/jobs/{job_id}")).json()
    assert [attempt["state"] for attempt in job["attempts"]] == ["expired"]
    document = (await admin.get("/v1/devices/rack-1")).json()
    assert document["agent"]["session_id"] == second["session_id"]
    assert document["running_jobs"] == 0
    live = select(agent_sessions).where(agent_sessions.c.closed_us.is_(None))
    assert len(await services.database.read(lambda c: c.execute(live).all())) == 1


async def test_an_opening_that_is_repeated_opens_once(client_of: ClientOf, submit: Submit) -> None:
    """Its leases go on; when its session is over, it opens nothing."""
    agent, admin = await client_of(Role.AGENT, device="rack-1"), await client_of(Role.ADMIN)
    message = opening(offer(target()))
    first = await agent.post("/v1/agent/sessions", json=message)
    await admin.post("/v1/devices/rack-1/approve", json={})
    (job_id,) = await submit(SLUG, 1)
    await claim(agent, first.json()["session_id"])
    again = await agent.post("/v1/agent/sessions", json=message | {"follows": await newest(agent)})
    assert (again.status_code, again.json()["session_id"]) == (201, first.json()["session_id"])
    assert again.json()["offers"] == [{"slug": SLUG, "revision": 1, "approved": True}]
    assert (await admin.get(f"/v1/jobs/{job_id}")).json()["state"] == "running"
    await agent.post("/v1/agent/sessions/close", json={"session_id": first.json()["session_id"]})
    for follows in (None, await newest(agent)):
        late = await agent.post("/v1/agent/sessions", json=message | {"follows": follows})
        assert (late.status_code, late.json()["type"]) == (409, "/problems/session-closed")


async def test_a_late_opening_does_not_end_a_newer_session(client_of: ClientOf) -> None:
    """Whether it comes for the first time or again."""
    agent, other = await client_of(Role.AGENT, device="a"), await client_of(Role.AGENT, device="b")
    await open_session(other)
    assert await newest(agent) is None
    arrived, never = (opening(offer(target())) for _ in range(2))
    assert (await agent.post("/v1/agent/sessions", json=arrived)).status_code == 201
    session_id = (await open_session(agent))["session_id"]
    for late in (arrived, never, never | {"follows": session_id - 1}):
        reply = await agent.post("/v1/agent/sessions", json=late)
        assert (reply.status_code, reply.json()["type"]) == (409, "/problems/session-closed")
    assert await newest(agent) == session_id
    assert await claim(agent, session_id) == []


async def test_closing_gives_back_at_once_and_twice_is_once(client_of: ClientOf, submit: Submit) -> None:
    agent, admin = await client_of(Role.AGENT, device="rack-1"), await client_of(Role.ADMIN)
    session_id = (await open_session(agent))["session_id"]
    await admin.post("/v1/devices/rack-1/approve", json={})
    (job_id,) = await submit(SLUG, 1)
    await claim(agent, session_id)
    for _ in range(2):
        reply = await agent.post("/v1/agent/sessions/close", json={"session_id": session_id})
        assert reply.status_code == 204
    job = (await admin.get(f"/v1/jobs/{job_id}")).json()
    assert job["state"] == "pending"
    assert [(a["state"], a["charged"]) for a in job["attempts"]] == [("released", "nobody")]
    assert (await admin.get("/v1/devices/rack-1")).json()["state"] == "offline"


async def test_nobody_closes_anothers_session(client_of: ClientOf) -> None:
    owner, other = await client_of(Role.AGENT, device="a"), await client_of(Role.AGENT, device="b")
    session_id = (await open_session(owner))["session_id"]
    reply = await other.post("/v1/agent/sessions/close", json={"session_id": session_id})
    assert reply.status_code == 204
    assert await claim(owner, session_id) == []


async def test_a_live_session_is_only_its_devices(client_of: ClientOf, services: Services) -> None:
    session_id = (await open_session(await client_of(Role.AGENT, device="a")))["session_id"]
    own = select(devices.c.id).where(devices.c.slug == "a")
    device_id = await services.database.read(lambda c: c.execute(own).scalar_one())
    row = await services.database.read(lambda c: sessions.live_session(c, session_id, device_id))
    assert (row.device_slug, row.health) == ("a", "good")
    for wrong in ((session_id, device_id + 1), (session_id + 1, device_id)):
        with pytest.raises(Refusal) as refused:
            await services.database.read(lambda c, wrong=wrong: sessions.live_session(c, *wrong))
        assert refused.value.kind is ProblemType.SESSION_CLOSED


async def test_seen_moves_every_few_seconds(
    client_of: ClientOf, services: Services, clock: ManualClock
) -> None:
    agent = await client_of(Role.AGENT, device="a")
    session_id = (await open_session(agent))["session_id"]

    async def seen_us() -> int:
        await services.database.write(lambda c: sessions.seen(c, session_id, clock.now_us(c)))
        return await services.database.read(
            lambda c: c.execute(select(agent_sessions.c.seen_us)).scalar_one()
        )

    first = await seen_us()
    clock.advance(4)
    assert await seen_us() == first
    clock.advance(2)
    assert await seen_us() == first + 6_000_000


async def test_what_is_offered_no_more_gets_no_jobs(client_of: ClientOf, submit: Submit) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)
    await open_session(agent, offer(target()), offer(target(Precision.INT8)))
    await admin.post("/v1/devices/a/approve", json={})
    await submit(SLUG, 1)
    session_id = (await open_session(agent, offer(target(Precision.INT8))))["session_id"]
    assert await claim(agent, session_id) == []
    shown = (await admin.get("/v1/devices/a")).json()["targets"]
    assert [(row["slug"], row["offered"]) for row in shown] == [
        (SLUG, False),
        (SLUG.replace("fp32", "int8"), True),
    ]
    assert not (await admin.get(f"/v1/targets/{SLUG}")).json()["available"]


async def test_a_retired_device_opens_no_session(client_of: ClientOf) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)
    session_id = (await open_session(agent))["session_id"]
    await admin.patch("/v1/devices/a", json={"health": "retired", "reason": "sold"})
    message = {"session_id": session_id, "claim_id": "0" * 32}
    assert (await agent.post("/v1/agent/claims", json=message)).status_code == 409
    message = opening(offer(target()), follows=session_id)
    reply = await agent.post("/v1/agent/sessions", json=message)
    assert (reply.status_code, reply.json()["type"]) == (409, "/problems/conflict")
    await admin.patch("/v1/devices/a", json={"health": "unknown"})
    await open_session(agent)


async def test_offers_that_lie_open_nothing(client_of: ClientOf) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)
    lie = offer(target())
    lie["target"]["slug"] = "better-8c.cpu.onnxruntime-1.31.fp32.t1.b1"
    reply = await agent.post("/v1/agent/sessions", json=opening(lie))
    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/invalid")
    document = (await admin.get("/v1/devices/a")).json()
    assert (document["agent"], document["targets"]) == (None, [])


async def test_as_many_offers_as_there_may_be(client_of: ClientOf) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)
    offers = [offer(target(threads=number + 1)) for number in range(256)]
    opened = await open_session(agent, *offers)
    assert [row["slug"] for row in opened["offers"]] == [row["target"]["slug"] for row in offers]
    assert await open_session(agent, *reversed(offers))
    reply = await admin.get("/v1/targets", params={"limit": 1000})
    assert len(reply.json()["items"]) == 256


async def test_many_agents_at_once(client_of: ClientOf, services: Services) -> None:
    """Four devices offer the same new targets with two fingerprints, each by two processes that
    race: one of them is late.
    """
    agents = [await client_of(Role.AGENT, device=f"d{number % 4}") for number in range(8)]
    offers = [
        [offer(target(threads=threads), kernel=str(number % 2)) for threads in (1, 2, 3)]
        for number in range(8)
    ]
    offers = [list(reversed(own)) if number % 3 else own for number, own in enumerate(offers)]
    replies = await asyncio.gather(
        *(
            agent.post("/v1/agent/sessions", json=opening(*own))
            for agent, own in zip(agents, offers, strict=True)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [201] * 4 + [409] * 4
    rows = await services.database.read(lambda c: c.execute(select(target_revisions)).all())
    assert sorted(row.number for row in rows) == [1, 1, 1, 2, 2, 2]
    live = select(agent_sessions.c.device_id).where(agent_sessions.c.closed_us.is_(None))
    assert len(await services.database.read(lambda c: c.execute(live).all())) == 4
