"""The anchors' drift, from an agent's report to a gauge."""

from collections.abc import Awaitable, Callable
from random import Random

import httpx
from prometheus_client.parser import text_string_to_metric_families

from edgemeter.wire.access import Role
from edgemeter_server.measurements import testing

from ..devices.conftest import Submit, claim, offer, open_session, submit  # noqa: F401  # a fixture

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]


async def drifts(viewer: httpx.AsyncClient) -> dict[str, float]:
    families = text_string_to_metric_families((await viewer.get("/metrics")).text)
    found = next(family for family in families if family.name == "edgemeter_anchor_drift_ratio")
    return {sample.labels["target"]: sample.value for sample in found.samples}


async def test_the_newest_measurement_of_a_target_tells(client_of: ClientOf, submit: Submit) -> None:  # noqa: F811
    agent, admin = await client_of(Role.AGENT, device="a"), await client_of(Role.ADMIN)
    session_id = (await open_session(agent, offer(testing.TARGET)))["session_id"]
    await admin.post("/v1/devices/a/approve", json={})

    async def measured(drift: float | None) -> dict[str, float]:
        await submit(testing.TARGET.slug, 1)
        (lease,) = await claim(agent, session_id)
        document = testing.measurement(Random(1), lease["artifact"]["sha256"], testing.conditions(Random(1)))
        protocol = document.protocol.model_copy(update={"digest": lease["protocol_digest"]})
        assert document.latency is not None
        latency = document.latency.model_copy(update={"drift": drift})
        document = document.model_copy(update={"latency": latency, "protocol": protocol})
        outcome = {"result": "measured", "measurement": document.model_dump(mode="json")}
        report = {"attempt_id": lease["attempt_id"], "secret": lease["secret"], "outcome": outcome}
        batch = {"agent_version": "1", "seed": 0, "provenance": {}, "reports": [report]}
        reply = await agent.post("/v1/agent/reports", json=batch)
        assert reply.json()["receipts"][0]["measurement_id"], reply.text
        return await drifts(admin)

    assert await drifts(admin) == {}
    assert await measured(0.07) == {testing.TARGET.slug: 0.07}
    assert await measured(-0.02) == {testing.TARGET.slug: -0.02}
    assert await measured(None) == {}
