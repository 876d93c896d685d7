"""Long polls: woken by what they wait for, by the sweep where the wake-up was lost, and by nothing else."""

import asyncio

import pytest

from edgemeter_server.jobs.sweeping import sweep

LONG_S = 60


async def listening(services, topic):
    """Returns when somebody waits for a topic, which is what the test is to wake."""
    while topic not in services.wakeups._events:
        await asyncio.sleep(0.005)


async def test_a_claim_is_woken_by_a_request(lab, services):
    agent = await lab.agent()
    waiting = asyncio.create_task(agent.claim(wait_s=LONG_S))
    await listening(services, f"target:{lab.targets[lab.TARGET]}")
    await lab.requested(*map(lab.item, await lab.networks(1)))
    assert len(await waiting) == 1


async def test_a_claim_is_woken_by_the_sweep_when_a_back_off_ends(lab, services, clock):
    agent = await lab.agent()
    await lab.requested(*map(lab.item, await lab.networks(1)))
    [lease] = await agent.claim()
    await agent.report((lease, lab.failed("runtime_error")))
    waiting = asyncio.create_task(agent.claim(wait_s=LONG_S))
    await listening(services, f"target:{lab.targets[lab.TARGET]}")
    await sweep(services)
    assert not waiting.done()
    clock.advance(10)
    await sweep(services)
    assert [lease["number"] for lease in await waiting] == [2]


async def test_a_claim_ends_when_another_session_takes_over(lab, services):
    agent = await lab.agent()
    waiting = asyncio.create_task(
        agent.client.post(
            "/v1/agent/claims",
            json={
                "session_id": agent.session_id,
                "claim_id": "0b0e7e4b-35a0-4c60-9d0e-4b9a8c1f3f10",
                "wait_s": LONG_S,
            },
        )
    )
    await listening(services, f"session:{agent.session_id}")
    await lab.agent()
    await services.wakeups.publish([f"session:{agent.session_id}"])
    assert (await waiting).json()["type"] == "/problems/session-closed"


async def test_a_claim_that_finds_nothing_ends_empty(lab):
    agent = await lab.agent()
    assert await agent.claim(wait_s=0.05) == []


async def test_a_request_is_told_of_as_soon_as_it_has_ended(lab, services):
    agent = await lab.agent()
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    [lease] = await agent.claim()
    waiting = asyncio.create_task(lab.request(request["id"], wait_s=LONG_S))
    await listening(services, f"job:{request['job_id']}")
    await agent.report((lease, lab.measured(lease)))
    assert (await waiting)["state"] == "done"


@pytest.mark.parametrize("how", ["cancel", "deadline"])
async def test_also_where_it_ends_otherwise(lab, services, clock, how):
    await lab.target()
    [request] = await lab.requested(*(lab.item(d, deadline_s=10) for d in await lab.networks(1)))
    waiting = asyncio.create_task(lab.request(request["id"], wait_s=LONG_S))
    await listening(services, f"job:{request['job_id']}")
    if how == "cancel":
        await lab.submitter.post(f"/v1/requests/{request['id']}/cancel")
    else:
        clock.advance(11)
        await sweep(services)
    assert (await waiting)["state"] in ("cancelled", "failed")


async def test_a_request_that_does_not_end_is_told_of_after_the_wait(lab):
    await lab.target()
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    assert (await lab.request(request["id"], wait_s=0.05))["state"] == "waiting"
    assert (await lab.submitter.get("/v1/requests/1", params={"wait": 61})).status_code == 422


async def test_nobody_waits_for_a_server_that_stops(lab, services):
    agent = await lab.agent()
    await lab.target("idle")
    [network] = await lab.networks(1)
    [request] = await lab.requested(lab.item(network, "idle"))
    claim = asyncio.create_task(agent.claim(wait_s=LONG_S))
    answer = asyncio.create_task(lab.request(request["id"], wait_s=LONG_S))
    await listening(services, f"session:{agent.session_id}")
    await listening(services, f"job:{request['job_id']}")
    services.wakeups.end()
    assert await claim == []
    assert (await answer)["state"] == "waiting"
    assert await agent.claim(wait_s=LONG_S) == []
