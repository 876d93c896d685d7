"""The retry table from end to end: what is reported, what becomes of the job, who is charged."""

import pytest
from sqlalchemy import select

from edgemeter.failures import FailureKind
from edgemeter_server.devices.tables import devices
from edgemeter_server.jobs.policy import LONGEST_DELAY_S, RULES, Blame

CHARGED = {Blame.JOB: "job", Blame.EITHER: "job", Blame.DEVICE: "device", Blame.NOBODY: "nobody"}
LIMITED = [kind for kind, rule in RULES.items() if rule.tries is not None]


async def attempt(lab, agent, clock, outcome):
    clock.advance(LONGEST_DELAY_S + 1)
    [lease] = await agent.claim()
    [receipt] = await agent.report((lease, outcome(lease)))
    return lease, receipt


async def device(lab, slug="board"):
    wanted = select(devices).where(devices.c.slug == slug)
    return await lab.services.database.read(lambda connection: connection.execute(wanted).one())


@pytest.mark.parametrize("as_measurement", [False, True])
async def test_a_job_is_tried_as_often_as_the_table_says(lab, clock, as_measurement):
    agent = await lab.agent()
    for kind, network in zip(LIMITED, await lab.networks(len(LIMITED)), strict=True):
        [request] = await lab.requested(lab.item(network))

        def outcome(lease, kind=kind):
            if not as_measurement:
                return lab.failed(kind)
            failure = {"kind": kind, "message": "it did not work"}
            return lab.measured(
                lease, status="failed", latency=None, failure=failure, validity={"valid": False}
            )

        receipts = [(await attempt(lab, agent, clock, outcome))[1] for _ in range(RULES[kind].tries)]

        assert [receipt["retry"] for receipt in receipts] == [True] * (RULES[kind].tries - 1) + [False]
        assert {receipt["failure_kind"] for receipt in receipts} == {kind}
        assert all((receipt["measurement_id"] is not None) is as_measurement for receipt in receipts)
        clock.advance(LONGEST_DELAY_S + 1)
        assert await agent.claim() == []
        ended = await lab.request(request["id"])
        assert (ended["state"], ended["failure"]["kind"], ended["estimate"]) == ("failed", kind, None)
        job = await lab.job(request["job_id"])
        assert job["measurement_id"] == receipts[-1]["measurement_id"]
        assert {tried["charged"] for tried in job["attempts"]} == {CHARGED[RULES[kind].blame]}


async def test_what_is_given_back_is_charged_to_nobody_however_often(lab, clock):
    agent = await lab.agent()
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    for _ in range(12):
        _, receipt = await attempt(lab, agent, clock, lambda _: lab.failed("agent_shutdown"))
        assert receipt["retry"]
        _, receipt = await attempt(lab, agent, clock, lambda _: lab.failed("internal", started=False))
        assert receipt["retry"]
    _, receipt = await attempt(lab, agent, clock, lambda lease: lab.measured(lease))
    assert receipt["state"] == "accepted"
    job = await lab.job(request["job_id"])
    assert {tried["charged"] for tried in job["attempts"]} == {"nobody", None}


async def test_a_job_that_fails_on_two_devices_is_at_fault(lab, clock):
    one, two = await lab.agent("one"), await lab.agent("two")
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    _, first = await attempt(lab, one, clock, lambda _: lab.failed("runtime_error"))
    _, second = await attempt(lab, two, clock, lambda _: lab.failed("timeout"))
    assert (first["retry"], second["retry"]) == (True, False)
    assert (await lab.request(request["id"]))["state"] == "failed"


async def test_a_device_that_failed_what_another_measures_is_struck(lab, clock):
    one, two = await lab.agent("one"), await lab.agent("two")
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    await attempt(lab, one, clock, lambda _: lab.failed("runtime_error"))
    assert (await device(lab, "one")).strikes == 0
    await attempt(lab, two, clock, lambda lease: lab.measured(lease))
    assert (await device(lab, "one")).strikes == 1
    assert (await device(lab, "two")).strikes == 0
    charged = [tried["charged"] for tried in (await lab.job(request["job_id"]))["attempts"]]
    assert charged == ["device", None]


async def test_failures_of_a_device_make_it_bad_and_a_success_good(lab, clock):
    agent = await lab.agent()
    strikes = lab.services.settings.strikes
    await lab.requested(*map(lab.item, await lab.networks(strikes + 2)))
    await attempt(lab, agent, clock, lambda _: lab.failed("device_unready"))
    assert (await device(lab)).strikes == 1
    leases = await agent.claim(up_to=1)
    await agent.report(*((lease, lab.measured(lease)) for lease in leases))
    assert (await device(lab)).health == "good"
    for lease in await agent.claim(up_to=strikes):
        await agent.report((lease, lab.failed("device_unready")))
    assert (await device(lab)).health == "bad"
    clock.advance(LONGEST_DELAY_S + 1)
    assert await agent.claim() == []


async def test_long_words_of_an_agent_are_cut(lab, clock):
    agent = await lab.agent()
    [request] = await lab.requested(*map(lab.item, await lab.networks(1)))
    await attempt(lab, agent, clock, lambda _: lab.failed(FailureKind.MALFORMED, message="x" * 100_000))
    assert len((await lab.request(request["id"]))["failure"]["message"]) == 2000
