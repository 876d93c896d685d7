"""Leases: renewed, cancelled, lost, expired, taken over; reports late, repeated, foreign, stolen."""

import pytest
from sqlalchemy import select

from edgemeter_server.jobs.sweeping import sweep
from edgemeter_server.jobs.tables import attempts, jobs
from edgemeter_server.measurements.tables import measurements

OTHER_SECRET = "A" * 43


@pytest.fixture
async def agent(lab):
    return await lab.agent()


@pytest.fixture
async def lease(lab, agent):
    await lab.requested(*map(lab.item, await lab.networks(1)))
    [lease] = await agent.claim()
    return lease


async def expire(services, clock):
    clock.advance(services.settings.lease_s + 1)
    await sweep(services)


async def retried(lab, agent, clock):
    clock.advance(120)
    [lease] = await agent.claim()
    return lease


async def column(services, statement):
    return list(
        await services.database.read(lambda connection: connection.execute(statement).scalars().all())
    )


async def test_a_renewed_lease_lives_on(agent, lease, services, clock):
    for _ in range(5):
        clock.advance(services.settings.lease_s * 0.8)
        assert await agent.renewed([lease]) == ["renewed"]
        await sweep(services)


async def test_a_lease_that_ran_out_is_not_renewed_even_before_anybody_noticed(agent, lease, services, clock):
    clock.advance(services.settings.lease_s)
    answer = await agent.renew([lease])
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/lease-lost"


async def test_each_lease_of_a_renewal_is_told_of(lab, agent, lease, clock):
    await lab.requested(*map(lab.item, await lab.networks(1, first=1)))
    [another] = await agent.claim()
    await agent.report((lease, lab.measured(lease)))
    stolen = another | {"secret": OTHER_SECRET}
    unknown = lease | {"attempt_id": 999_999}
    assert await agent.renewed([lease, another, unknown]) == ["lost", "renewed", "lost"]
    assert (await agent.renew([stolen])).status_code == 409


async def test_an_expired_job_is_tried_again_after_a_while_and_charged(lab, agent, lease, services, clock):
    await expire(services, clock)
    job = await lab.job(lease["job_id"])
    assert (job["state"], job["attempts"][0]["state"]) == ("pending", "expired")
    assert job["attempts"][0]["charged"] == "job"
    assert job["attempts"][0]["failure"]["kind"] == "lease_expired"
    assert await agent.claim() == []

    again = await retried(lab, agent, clock)
    assert (again["job_id"], again["number"]) == (lease["job_id"], 2)
    assert again["secret"] != lease["secret"]


async def test_what_kills_its_agents_ends_after_three(lab, agent, lease, services, clock):
    await expire(services, clock)
    for _ in range(2):
        await retried(lab, agent, clock)
        await expire(services, clock)
    job = await lab.job(lease["job_id"])
    assert job["state"] == "failed"
    assert job["failure"]["kind"] == "lease_expired"


async def test_what_failed_before_is_taken_alone(lab, agent, services, clock):
    await lab.requested(*map(lab.item, await lab.networks(4)))
    assert len(await agent.claim(up_to=4)) == 4
    await expire(services, clock)
    await lab.requested(*map(lab.item, await lab.networks(2, first=4)))
    clock.advance(120)
    sizes = [len(await agent.claim(up_to=4)) for _ in range(6)]
    assert sizes == [1, 1, 1, 1, 2, 0]


async def test_a_late_report_counts_while_nothing_newer_began(lab, agent, lease, services, clock):
    await expire(services, clock)
    [receipt] = await agent.report((lease, lab.measured(lease)))
    assert receipt["state"] == "accepted"
    job = await lab.job(lease["job_id"])
    assert (job["state"], job["measurement_id"]) == ("done", receipt["measurement_id"])
    assert [(a["state"], a["charged"], a["failure"]) for a in job["attempts"]] == [("reported", None, None)]


async def test_a_late_failure_replaces_the_expiry(lab, agent, lease, services, clock):
    await expire(services, clock)
    [receipt] = await agent.report((lease, lab.failed("unsupported_op")))
    assert (receipt["state"], receipt["retry"]) == ("accepted", False)
    job = await lab.job(lease["job_id"])
    assert job["failure"]["kind"] == "unsupported_op"


async def test_a_report_overtaken_by_another_attempt_is_kept_beside(lab, agent, lease, services, clock):
    await expire(services, clock)
    newer = await retried(lab, agent, clock)

    [late] = await agent.report((lease, lab.measured(lease, latency_ms=9.0)))
    [again] = await agent.report((lease, lab.measured(lease, latency_ms=9.0)))
    [counts] = await agent.report((newer, lab.measured(newer)))

    assert late["state"] == "superseded"
    assert again == late
    assert counts["state"] == "accepted"
    accepted = select(measurements.c.id).where(measurements.c.accepted)
    assert await column(services, accepted) == [counts["measurement_id"]]
    assert len(await column(services, select(measurements.c.id))) == 2
    states = [attempt["state"] for attempt in (await lab.job(lease["job_id"]))["attempts"]]
    assert states == ["superseded", "reported"]


async def test_the_overtaken_one_may_also_come_last(lab, agent, lease, services, clock):
    await expire(services, clock)
    newer = await retried(lab, agent, clock)
    receipts = await agent.report((newer, lab.measured(newer)), (lease, lab.measured(lease)))
    assert [receipt["state"] for receipt in receipts] == ["accepted", "superseded"]


@pytest.mark.parametrize("kind", [None, "runtime_error", "malformed"])
async def test_the_same_report_again_gets_the_same_receipt(lab, agent, lease, services, kind):
    outcome = lab.measured(lease) if kind is None else lab.failed(kind)
    [first] = await agent.report((lease, outcome))
    before = await lab.job(lease["job_id"])
    [second] = await agent.report((lease, outcome))
    twice = await agent.report((lease, outcome), (lease, lab.failed("timeout")))
    assert first == second == twice[0] == twice[1]
    assert await lab.job(lease["job_id"]) == before


async def test_two_reports_of_one_attempt_in_a_batch_are_one(lab, agent, lease, services):
    receipts = await agent.report((lease, lab.measured(lease)), (lease, lab.failed("malformed")))
    assert receipts[0] == receipts[1]
    assert receipts[0]["state"] == "accepted"
    assert (await lab.job(lease["job_id"]))["state"] == "done"


async def test_nobody_reports_for_another(lab, agent, lease, services):
    stranger = await lab.agent("stranger")
    guessed = lease | {"secret": OTHER_SECRET}
    nothing = lease | {"attempt_id": 999_999}
    receipts = await agent.report((guessed, lab.measured(lease)), (nothing, lab.measured(lease)))
    receipts += await stranger.report((lease, lab.measured(lease)))
    assert [receipt["state"] for receipt in receipts] == ["unknown"] * 3
    assert (await lab.job(lease["job_id"]))["state"] == "running"
    assert (await stranger.renew([lease])).status_code == 409


async def test_secrets_of_two_leases_are_not_interchangeable(lab, agent, lease):
    await lab.requested(*map(lab.item, await lab.networks(1, first=1)))
    [another] = await agent.claim()
    swapped = lease | {"secret": another["secret"]}
    [receipt] = await agent.report((swapped, lab.measured(lease)))
    assert receipt["state"] == "unknown"


async def test_a_measurement_of_something_else_is_a_failure_of_the_agent(lab, agent, lease):
    [network] = await lab.networks(1, first=5)
    foreign = lease | {"artifact": lease["artifact"] | {"sha256": network}}
    [receipt] = await agent.report((lease, lab.measured(foreign)))
    assert (receipt["state"], receipt["failure_kind"]) == ("accepted", "internal")
    assert receipt["measurement_id"] is None


async def test_a_takeover_expires_what_the_former_process_held_which_it_may_still_report(lab, agent, lease):
    successor = await lab.agent()
    job = await lab.job(lease["job_id"])
    assert (job["state"], job["attempts"][0]["state"]) == ("pending", "expired")
    answer = await agent.renew([lease])
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/session-closed")

    [receipt] = await successor.report((lease, lab.measured(lease)))
    assert receipt["state"] == "accepted"


async def test_a_cancelled_job_is_told_in_the_renewal_again_and_again(lab, agent, lease, services):
    listed = (await lab.submitter.get("/v1/requests")).json()["items"]
    await lab.submitter.post(f"/v1/requests/{listed[0]['id']}/cancel")
    assert await agent.renewed([lease]) == ["cancelled"]
    assert await agent.renewed([lease]) == ["cancelled"]
    job = await lab.job(lease["job_id"])
    assert (job["state"], job["attempts"][0]["state"]) == ("cancelled", "released")
    assert job["attempts"][0]["charged"] == "nobody"
    [receipt] = await agent.report((lease, lab.measured(lease)))
    assert receipt["state"] == "superseded"


async def test_the_lease_of_a_cancelled_job_ends_by_itself(lab, agent, lease, services, clock):
    [listed] = (await lab.submitter.get("/v1/requests")).json()["items"]
    await lab.submitter.post(f"/v1/requests/{listed['id']}/cancel")
    await expire(services, clock)
    assert await column(services, select(attempts.c.state)) == ["released"]
    assert await column(services, select(jobs.c.state)) == ["cancelled"]


async def test_a_deadline_ends_what_waits_and_not_what_runs(lab, agent, services, clock):
    one, two = await lab.networks(2)
    [running, waiting] = await lab.requested(
        lab.item(one, deadline_s=10, priority=1), lab.item(two, deadline_s=10)
    )
    [lease] = await agent.claim()
    clock.advance(11)
    assert await agent.claim() == []
    await sweep(services)

    late = await lab.request(waiting["id"])
    assert (late["state"], late["failure"]["kind"]) == ("failed", "deadline")
    [receipt] = await agent.report((lease, lab.measured(lease)))
    assert receipt["state"] == "accepted"
    assert (await lab.request(running["id"]))["state"] == "done"
