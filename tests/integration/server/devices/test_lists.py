"""Devices and targets as people see them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import event

from edgemeter.targets import Precision
from edgemeter.wire.access import Role
from edgemeter_server.devices.documents import Moment, device_documents
from edgemeter_server.devices.target_rows import target_rows
from edgemeter_server.services import Services
from edgemeter_server.testing import ManualClock

from .conftest import Submit, claim, offer, open_session, target

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]
SLUG = "xeon-2c.cpu.onnxruntime-1.31.fp32.t1.b1"


async def test_state_follows_the_agent_and_its_leases(
    client_of: ClientOf, clock: ManualClock, submit: Submit
) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)

    async def state() -> str:
        return str((await admin.get("/v1/devices/a")).json()["state"])

    assert await state() == "offline"
    session_id = (await open_session(agent))["session_id"]
    await admin.post("/v1/devices/a/approve", json={})
    assert await state() == "idle"
    await submit(SLUG, 2)
    await claim(agent, session_id, up_to=2)
    document = (await admin.get("/v1/devices/a")).json()
    assert (document["state"], document["running_jobs"]) == ("running", 2)
    clock.advance(91)
    document = (await admin.get("/v1/devices/a")).json()
    assert (document["state"], document["agent"]["seen_s"]) == ("offline", 91)
    await claim(agent, session_id)
    assert await state() == "running"


async def test_what_an_agent_tells_of_its_jobs_is_shown_while_it_holds_them(
    client_of: ClientOf, clock: ManualClock, submit: Submit
) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)

    async def doing() -> str | None:
        return (await admin.get("/v1/devices/a")).json()["agent"]["doing"]

    opened = await open_session(agent)
    assert opened["takes_doing"]
    await admin.post("/v1/devices/a/approve", json={})
    await submit(SLUG, 1)
    [lease] = await claim(agent, opened["session_id"])
    assert await doing() is None
    held = {"attempt_id": lease["attempt_id"], "secret": lease["secret"]}
    renewal = {"session_id": opened["session_id"], "leases": [held]}
    waits = "another measurement is running; waiting for it"
    clock.advance(1)
    for message in (renewal | {"doing": waits}, renewal):
        assert (await agent.post("/v1/agent/renewals", json=message)).status_code == 200
        assert await doing() == waits
    refused = await agent.post("/v1/agent/renewals", json=renewal | {"doing": "x" * 201})
    assert refused.status_code == 422

    clock.advance(1)
    await submit(SLUG, 1)
    await claim(agent, opened["session_id"])  # of these it has said nothing yet
    assert await doing() is None


async def test_a_target_and_all_its_devices(client_of: ClientOf, clock: ManualClock, submit: Submit) -> None:
    viewer, admin = await client_of(Role.VIEWER), await client_of(Role.ADMIN)
    agents = {slug: await client_of(Role.AGENT, device=slug) for slug in ("b", "a")}
    for agent in agents.values():
        await open_session(agent)
    row = (await viewer.get(f"/v1/targets/{SLUG}")).json()
    assert row == {
        "slug": SLUG,
        "revision": 1,
        "formats": ["onnx"],
        "devices": ["a", "b"],
        "available": False,
        "pending_jobs": 0,
        "measurements": 0,
    }
    await admin.post("/v1/devices/a/approve", json={"targets": [SLUG]})
    await submit(SLUG, 3)
    row = (await viewer.get(f"/v1/targets/{SLUG}")).json()
    assert (row["available"], row["pending_jobs"]) == (True, 3)
    clock.advance(91)
    assert not (await viewer.get(f"/v1/targets/{SLUG}")).json()["available"]
    await open_session(agents["a"], offer(target(), kernel="7"))
    row = (await viewer.get(f"/v1/targets/{SLUG}")).json()
    assert (row["available"], row["revision"]) == (True, 2)
    await admin.patch("/v1/devices/a", json={"health": "maintenance"})
    assert not (await viewer.get(f"/v1/targets/{SLUG}")).json()["available"]


@pytest.mark.parametrize("kind", ["devices", "targets"])
async def test_pages_are_stable_under_inserts(client_of: ClientOf, kind: str) -> None:
    viewer = await client_of(Role.VIEWER)
    for number in range(5):
        agent = await client_of(Role.AGENT, device=f"d{number}")
        await open_session(agent, offer(target(threads=number + 1)))
    first = (await viewer.get(f"/v1/{kind}", params={"limit": 2})).json()
    await open_session(await client_of(Role.AGENT, device="late"), offer(target(Precision.INT8)))
    slugs = [item["slug"] for item in first["items"]]
    cursor = first["next_cursor"]
    while cursor is not None:
        page = (await viewer.get(f"/v1/{kind}", params={"limit": 2, "cursor": cursor})).json()
        slugs += [item["slug"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(slugs) == len(set(slugs)) == 5
    assert not {"late", target(Precision.INT8).slug} & set(slugs)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/v1/devices/none", None),
        ("GET", "/v1/targets/none", None),
        ("PATCH", "/v1/devices/none", {"health": "retired"}),
        ("POST", "/v1/devices/none/approve", {}),
        ("POST", "/v1/devices/a/approve", {"targets": ["none"]}),
    ],
)
async def test_what_there_is_not(
    client_of: ClientOf, method: str, path: str, message: dict[str, object] | None
) -> None:
    await open_session(await client_of(Role.AGENT, device="a"))
    reply = await (await client_of(Role.ADMIN)).request(method, path, json=message)
    assert (reply.status_code, reply.json()["type"]) == (404, "/problems/not-found")


async def test_approving_some_approves_no_other(client_of: ClientOf) -> None:
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)
    await open_session(agent, offer(target()), offer(target(Precision.INT8)))
    for _ in range(2):
        document = (await admin.post("/v1/devices/a/approve", json={"targets": [SLUG]})).json()
    assert {row["slug"]: row["approved"] for row in document["targets"]} == {
        SLUG: True,
        target(Precision.INT8).slug: False,
    }
    entries = (await admin.get("/v1/audit")).json()["items"]
    assert [entry["detail"] for entry in entries if entry["action"] == "targets.approved"] == [
        {"targets": [SLUG]}
    ]


async def test_a_page_costs_a_few_queries_however_long(client_of: ClientOf, services: Services) -> None:
    for number in range(12):
        agent = await client_of(Role.AGENT, device=f"d{number}")
        await open_session(agent, offer(target(threads=number + 1)))
    moment = Moment(0, 90)

    def count(limit: int) -> Callable[..., int]:
        def work(connection: object) -> int:
            statements: list[str] = []
            listen = lambda *args: statements.append(args[2])  # noqa: E731
            event.listen(connection, "before_cursor_execute", listen)
            rows = len(device_documents(connection, 1 << 40, limit, moment))  # type: ignore[arg-type]
            rows += len(target_rows(connection, 1 << 40, limit, moment))  # type: ignore[arg-type]
            event.remove(connection, "before_cursor_execute", listen)
            assert rows == 2 * limit
            return len(statements)

        return work

    few, many = [await services.database.read(count(limit)) for limit in (1, 12)]
    assert few == many <= 9
