"""From a request to its answer and back, over HTTP."""

import asyncio

import pytest


async def test_a_network_goes_in_and_its_latency_comes_out(lab):
    agent = await lab.agent()
    [artifact] = await lab.networks(1)
    [request] = await lab.requested(lab.item(artifact, label="mine"))
    assert (request["state"], request["ahead"], request["attempts"]) == ("waiting", None, 0)
    assert (await lab.request(request["id"]))["ahead"] == 0

    [lease] = await agent.claim(up_to=4)
    assert lease["job_id"] == request["job_id"]
    assert lease["artifact"]["sha256"] == artifact
    assert (await lab.request(request["id"]))["state"] == "running"
    [receipt] = await agent.report((lease, lab.measured(lease)))
    assert receipt["state"] == "accepted"
    assert receipt["measurement_id"] is not None

    answered = await lab.request(request["id"])
    assert (answered["state"], answered["label"], answered["attempts"]) == ("done", "mine", 1)
    assert answered["ended_at"] is not None
    assert answered["estimate"]["latency_ms"] == 1.25
    assert answered["estimate"]["how"] == "measured"
    assert answered["estimate"]["measurement_id"] == receipt["measurement_id"]
    job = await lab.job(request["job_id"])
    assert (job["state"], job["measurement_id"]) == ("done", receipt["measurement_id"])
    assert [attempt["state"] for attempt in job["attempts"]] == ["reported"]


async def test_a_stored_measurement_answers_at_once(lab):
    agent = await lab.agent()
    [artifact] = await lab.networks(1)
    await lab.requested(lab.item(artifact))
    [lease] = await agent.claim()
    [receipt] = await agent.report((lease, lab.measured(lease)))

    [again] = await lab.requested(lab.item(artifact))
    [other_spec] = await lab.requested(lab.item(artifact, spec={"protocol": "survey"}))
    [fresh] = await lab.requested(lab.item(artifact, fresh=True))

    assert (again["state"], again["job_id"], again["estimate"]["how"]) == ("done", None, "stored")
    assert again["estimate"]["measurement_id"] == receipt["measurement_id"]
    assert again["ended_at"] == again["created_at"]
    assert other_spec["state"] == "waiting"
    assert fresh["state"] == "waiting"
    [lease] = await agent.claim(up_to=1)
    assert lease["job_id"] == other_spec["job_id"]


async def test_an_invalid_measurement_is_an_answer_that_tells_so_and_is_not_given_again(lab):
    agent = await lab.agent()
    [artifact] = await lab.networks(1)
    [request] = await lab.requested(lab.item(artifact))
    [lease] = await agent.claim()
    doubtful = {"valid": False, "reasons": [{"name": "contended", "text": "measure again on a quiet host"}]}

    [receipt] = await agent.report((lease, lab.measured(lease, validity=doubtful)))

    assert (receipt["state"], receipt["retry"]) == ("accepted", False)
    answered = await lab.request(request["id"])
    assert answered["state"] == "done"
    assert answered["estimate"]["validity"]["valid"] is False
    [again] = await lab.requested(lab.item(artifact))
    assert again["state"] == "waiting"


async def test_identical_requests_share_a_job(lab):
    await lab.target()
    [artifact] = await lab.networks(1)
    [one, two] = await lab.requested(
        lab.item(artifact, priority=1, deadline_s=10), lab.item(artifact, priority=5, deadline_s=60)
    )
    [three] = await lab.requested(lab.item(artifact, priority=-3))
    assert one["job_id"] == two["job_id"] == three["job_id"]
    assert len({one["id"], two["id"], three["id"]}) == 3
    job = await lab.job(one["job_id"])
    assert job["priority"] == 5


async def test_a_deadline_relaxes_to_the_latest(lab, clock):
    agent = await lab.agent()
    first, second = await lab.networks(2)
    await lab.requested(lab.item(first, deadline_s=10), lab.item(second, deadline_s=10))
    await lab.requested(lab.item(first, deadline_s=100))
    clock.advance(50)
    leases = await agent.claim(up_to=10)
    assert [lease["artifact"]["sha256"] for lease in leases] == [first]


async def test_urgent_jobs_come_first_then_older_ones(lab):
    agent = await lab.agent()
    digests = await lab.networks(4)
    priorities = (0, 5, 0, 9)
    await lab.requested(*(lab.item(d, priority=p) for d, p in zip(digests, priorities, strict=True)))

    leases = await agent.claim(up_to=3)
    leases += await agent.claim(up_to=3)

    order = [lease["artifact"]["sha256"] for lease in leases]
    assert order == [digests[3], digests[1], digests[0], digests[2]]


async def test_one_claim_has_jobs_of_one_target_only(lab):
    agent = await lab.agent(offered=("a", "b", "c"))
    one, two = await lab.networks(2)
    await lab.requested(lab.item(one, "a"), lab.item(one, "b", priority=1), lab.item(two, "b"))

    assert [lease["target"] for lease in await agent.claim(up_to=8)] == ["b", "b"]
    assert [lease["target"] for lease in await agent.claim(up_to=8)] == ["a"]
    assert await agent.claim(up_to=8) == []


async def test_only_what_is_offered_and_approved_is_claimed(lab):
    [artifact] = await lab.networks(1)
    await lab.target("other")
    await lab.requested(lab.item(artifact, "other"))
    agent = await lab.agent()
    stranger = await lab.agent("stranger", ("other",), approved=False)
    assert await agent.claim() == []
    assert await stranger.claim() == []


async def test_a_file_of_a_format_that_the_target_does_not_take_is_refused(lab):
    await lab.target("t", formats="tflite")
    [artifact] = await lab.networks(1)
    refused = await lab.submit(lab.item(artifact, "t"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/items/0/target"


async def test_two_agents_never_get_the_same_job(lab):
    digests = await lab.networks(60)
    agents = [await lab.agent(f"board-{number}") for number in range(6)]
    await lab.requested(*map(lab.item, digests))

    async def drain(agent):
        got = []
        while leases := await agent.claim(up_to=4):
            got += leases
        return got

    taken = [lease for leases in await asyncio.gather(*map(drain, agents)) for lease in leases]
    # With several servers a claim may come away empty while others are taking, but never twice with one.
    assert len({lease["job_id"] for lease in taken}) == len(taken)
    taken += await drain(agents[0])
    assert sorted(lease["artifact"]["sha256"] for lease in taken) == sorted(digests)


@pytest.mark.parametrize("same", [True, False])
async def test_a_claim_that_is_repeated_gets_the_same_leases(lab, same):
    agent = await lab.agent()
    await lab.requested(*map(lab.item, await lab.networks(6)))
    ids = ["0b0e7e4b-35a0-4c60-9d0e-4b9a8c1f3f10", "5c1f3c6c-9d8a-4a33-8a29-0e2b7a2f4c11"]

    first = await agent.claim(up_to=3, claim_id=ids[0])
    second = await agent.claim(up_to=3, claim_id=ids[0 if same else 1])

    assert len(first) == len(second) == 3
    assert (first == second) is same


async def test_a_claim_that_is_sent_twice_at_once_gets_one_set_of_leases(lab):
    agent = await lab.agent()
    await lab.requested(*map(lab.item, await lab.networks(8)))
    name = "0b0e7e4b-35a0-4c60-9d0e-4b9a8c1f3f10"
    one, two = await asyncio.gather(agent.claim(3, claim_id=name), agent.claim(3, claim_id=name))
    assert one == two
    assert len(one) == 3
