"""Strikes, successes and admins' words, as they are stored, audited and obeyed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from edgemeter.wire.access import Role
from edgemeter_server.devices import health
from edgemeter_server.devices.tables import devices
from edgemeter_server.services import Services
from edgemeter_server.testing import ManualClock

from .conftest import Submit, claim, open_session

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]
SLUG = "xeon-2c.cpu.onnxruntime-1.31.fp32.t1.b1"


class Bench:
    """One approved device, its agent and an admin."""

    def __init__(self, services: Services, agent: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
        self.services, self.agent, self.admin = services, agent, admin
        self.device_id = self.session_id = 0

    async def strike(self, **how: Any) -> None:
        await self.services.database.write(lambda c: health.strike(c, self.device_id, 5, "too hot", **how))

    async def clear(self) -> None:
        await self.services.database.write(lambda c: health.clear(c, self.device_id, 6))

    async def shown(self) -> tuple[str, str]:
        document = (await self.admin.get("/v1/devices/rack-1")).json()
        return document["health"], document["health_reason"]

    async def say(self, **words: str) -> dict[str, Any]:
        reply = await self.admin.patch("/v1/devices/rack-1", json=words)
        assert reply.status_code == 200, reply.text
        document: dict[str, Any] = reply.json()
        return document

    async def audited(self) -> list[tuple[str, str, str | None]]:
        entries = (await self.admin.get("/v1/audit")).json()["items"]
        return [
            (entry["detail"]["from"], entry["detail"]["to"], entry["detail"]["reason"])
            for entry in reversed(entries)
            if entry["action"] == "device.health"
        ]


@pytest.fixture
async def bench(services: Services, client_of: ClientOf) -> Bench:
    bench = Bench(services, await client_of(Role.AGENT, device="rack-1"), await client_of(Role.ADMIN))
    bench.session_id = (await open_session(bench.agent))["session_id"]
    await bench.admin.post("/v1/devices/rack-1/approve", json={})
    bench.device_id = await services.database.read(lambda c: c.execute(select(devices.c.id)).scalar_one())
    return bench


async def test_strikes_in_a_row_make_it_bad(bench: Bench, submit: Submit) -> None:
    await submit(SLUG, 1)
    await bench.strike(limit=2)
    assert await bench.shown() == ("unknown", "too hot")
    await bench.strike(limit=2)
    reason = "2 failures in a row of its own; the last: too hot"
    assert await bench.shown() == ("bad", reason)
    assert await claim(bench.agent, bench.session_id) == []
    await bench.clear()  # what ends late on a bad device proves nothing
    assert (await bench.shown())[0] == "bad"
    assert await bench.audited() == [("good", "unknown", "too hot"), ("unknown", "bad", reason)]


async def test_a_success_between_starts_the_row_anew(bench: Bench) -> None:
    await bench.strike(limit=2)
    await bench.clear()
    await bench.clear()
    await bench.strike(limit=2)
    assert (await bench.shown())[0] == "unknown"
    assert [(was, now) for was, now, _ in await bench.audited()] == [
        ("good", "unknown"),
        ("unknown", "good"),
        ("good", "unknown"),
    ]


async def test_one_job_strikes_once(bench: Bench, services: Services, submit: Submit) -> None:
    """Failures that a device is charged with, reported through the protocol."""
    await submit(SLUG, 1)
    for _ in range(2):
        (lease,) = await claim(bench.agent, bench.session_id)
        failure = {"kind": "device_unready", "message": "too hot"}
        outcome = {"result": "not_measured", "failure": failure, "started": True}
        report = {"attempt_id": lease["attempt_id"], "secret": lease["secret"], "outcome": outcome}
        batch = {"agent_version": "1", "seed": 0, "provenance": {}, "reports": [report]}
        reply = await bench.agent.post("/v1/agent/reports", json=batch)
        assert reply.json()["receipts"][0]["retry"], reply.text
        assert isinstance(services.clock, ManualClock)
        services.clock.advance(3600)
    strikes = await services.database.read(lambda c: c.execute(select(devices.c.strikes)).scalar_one())
    assert strikes == 1


async def test_an_admin_takes_it_out_and_brings_it_back(bench: Bench, submit: Submit) -> None:
    await submit(SLUG, 1)
    document = await bench.say(health="maintenance", reason="new fan", name="Rack 1, top")
    assert (document["health"], document["health_reason"]) == ("maintenance", "new fan")
    assert document["name"] == "Rack 1, top"
    assert await claim(bench.agent, bench.session_id) == []
    await bench.strike(limit=1)
    assert (await bench.shown())[0] == "maintenance"
    await bench.say(health="unknown")
    assert len(await claim(bench.agent, bench.session_id)) == 1
    actions = [entry["action"] for entry in (await bench.admin.get("/v1/audit")).json()["items"]]
    assert actions.count("device.health") == 2
    assert actions.count("device.renamed") == 1


async def test_an_empty_change_changes_nothing(bench: Bench) -> None:
    before = await bench.shown()
    await bench.say()
    assert await bench.shown() == before
    assert await bench.audited() == []


@pytest.mark.parametrize("health_word", ["good", "bad", "well"])
async def test_what_no_admin_may_say(bench: Bench, health_word: str) -> None:
    assert (await bench.admin.patch("/v1/devices/rack-1", json={"health": health_word})).status_code == 422


async def test_a_waiting_claim_hears_of_an_approval(
    services: Services, client_of: ClientOf, submit: Submit
) -> None:
    agent, admin = await client_of(Role.AGENT, device="new"), await client_of(Role.ADMIN)
    session_id = (await open_session(agent))["session_id"]
    await submit(SLUG, 1)
    listening = services.wakeups.listen
    began = asyncio.Event()

    def watched(topics: Any) -> Any:
        began.set()
        return listening(topics)

    services.wakeups.listen = watched  # type: ignore[method-assign]
    waiting = asyncio.create_task(claim(agent, session_id, wait_s=50))
    await began.wait()
    await admin.post("/v1/devices/new/approve", json={})
    assert len(await waiting) == 1
