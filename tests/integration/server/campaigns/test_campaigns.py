"""Campaigns over HTTP: planned, measured by agents, told, cancelled, resumed; and the tables they leave."""

import hashlib
from dataclasses import replace

import pytest

from edgemeter.protocols import PROTOCOLS, SURVEY
from edgemeter_server.campaigns import repeating
from edgemeter_server.campaigns.advancing import advance_all

from .conftest import builder

PLAN = {"space": "tiny", "architectures": 2, "test": 1, "repeats": 0.1}
OPERATORS = 6  # of the tiny space, stem and tail among them
OTHER = "board.cpu.openvino-2026.2.int8.t1.b1"


async def created(lab, *targets, **changes):
    answer = await lab.submitter.post(
        "/v1/campaigns", json=PLAN | {"targets": targets or [lab.TARGET]} | changes
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def shown(lab, campaign):
    answer = await lab.submitter.get(f"/v1/campaigns/{campaign['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def step(lab, campaign):
    await advance_all(lab.services)
    return await shown(lab, campaign)


def latency_ms(lease):
    """Another for each network, the same for a network measured twice but for a percent."""
    text = lease["recipe"]["recipe"]["text"]
    return 1.0 + int(hashlib.sha256(text.encode()).hexdigest()[:4], 16) / 65536 + lease["spec"]["seed"] * 0.01


def measured(lab, lease, **changes):
    file = hashlib.sha256(str(lease["recipe"]["recipe"]).encode()).hexdigest()
    network = lab.measurement_of(lease)["network"] | {"sha256": file}
    document = lab.measurement_of(lease, latency_ms(lease))
    return {"result": "measured", "measurement": document | {"network": network} | changes}


def unchanged(_lease):
    return {}


async def measure_all(lab, agent, change=unchanged):
    leases = []
    while some := await agent.claim(up_to=64):
        await agent.report(*((lease, measured(lab, lease, **change(lease))) for lease in some))
        leases += some
    return leases


async def test_a_campaign_from_plan_to_table(lab, clock):
    agent = await builder(lab)
    campaign = await created(lab)
    [aim] = campaign["targets"]
    counts = {purpose: count["planned"] for purpose, count in aim["counts"].items()}
    assert counts == {"operator": OPERATORS, "train": 2, "test": 1, "repeat": 1}
    assert (aim["contexts"], aim["waits_for"], campaign["state"]) == (OPERATORS, None, "active")

    leases = await agent.claim(up_to=64)
    clock.advance(5)
    half = await shown(lab, campaign)
    assert half["targets"][0]["device_s"] == pytest.approx(5)
    assert half["targets"][0]["remaining_s"] is None
    await agent.report(*((lease, measured(lab, lease)) for lease in leases))
    done = await step(lab, campaign)
    [aim] = done["targets"]
    assert done["state"] == "done"
    assert done["ended_at"] is not None
    assert {count["measured"] for count in aim["counts"].values()} == {OPERATORS, 2, 1}
    assert (aim["device_s"], aim["remaining_s"]) == (pytest.approx(5), 0.0)
    assert aim["repeated"] == 1
    assert 0 < aim["retest_error"] < 0.02

    table = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/operators?space=tiny")).json()
    assert (table["space"], table["version"]) == ("tiny", 1)
    assert [row["text"] for row in table["rows"]] == sorted(
        lease["recipe"]["recipe"]["text"]
        for lease in leases
        if lease["recipe"]["recipe"]["kind"] == "operator" and lease["spec"]["seed"] == 0
    )
    labels = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/architectures?space=tiny")).json()
    assert sorted(row["purpose"] for row in labels["rows"]) == ["test", "train", "train"]
    assert all(row["low_ms"] < row["latency_ms"] < row["high_ms"] for row in labels["rows"])


async def test_what_is_stored_answers_another_campaign_unless_it_is_to_be_fresh(lab):
    agent = await builder(lab)
    first = await created(lab)
    await measure_all(lab, agent)
    await step(lab, first)

    again = await created(lab, repeats=0)
    [aim] = again["targets"]
    assert {count["stored"] for count in aim["counts"].values()} == {OPERATORS, 2, 1}
    assert (await step(lab, again))["state"] == "done"
    fresh = await created(lab, repeats=0, fresh=True)
    assert len(await measure_all(lab, agent)) == OPERATORS + 3
    assert (await step(lab, fresh))["state"] == "done"


async def test_a_target_that_nobody_offers_yet_is_waited_for(lab):
    campaign = await created(lab, OTHER)
    [aim] = campaign["targets"]
    assert (aim["counts"], aim["waits_for"]) == ({}, "no device has offered this target yet")
    assert (await step(lab, campaign))["state"] == "active"

    agent = await builder(lab, offered=(OTHER,))
    campaign = await step(lab, campaign)
    assert campaign["targets"][0]["counts"]["operator"]["waiting"] == OPERATORS
    leases = await agent.claim(up_to=64)
    assert {lease["recipe"]["recipe"]["precision"] for lease in leases} == {"int8"}


async def test_what_a_target_lacks_is_told_by_operator_and_the_rest_goes_on(lab):
    agent = await builder(lab)
    campaign = await created(lab, architectures=0, test=0, repeats=0)

    def change(lease):
        text = lease["recipe"]["recipe"]["text"]
        if text.startswith("conv5"):
            failure = {"kind": "unsupported_op", "message": "no kernel for Conv"}
            return {"status": "failed", "latency": None, "failure": failure, "visits": []}
        if text.startswith("tail"):
            remark = {"name": "fallback_partial", "text": "some ran elsewhere", "detail": "1 of 2 operators"}
            return {"validity": {"valid": False, "reasons": [remark]}}
        return {"execution": {"placement": {"cpu": 1}}}

    await measure_all(lab, agent, change)
    done = await step(lab, campaign)
    [aim] = done["targets"]
    assert done["state"] == "done"
    assert aim["counts"]["operator"] | {"planned": OPERATORS} == aim["counts"]["operator"]
    assert (aim["counts"]["operator"]["failed"], aim["counts"]["operator"]["invalid"]) == (2, 1)
    assert {each["text"].split("|")[0] for each in aim["unsupported"]} == {"conv5"}
    assert aim["unsupported"][0]["message"] == "no kernel for Conv"

    table = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/operators?space=tiny")).json()
    assert len(table["rows"]) == OPERATORS - 3
    found = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/capabilities?space=tiny")).json()
    assert found["operators"] == {"stem": "full", "conv3": "full", "conv5": "none", "tail": "partial"}
    evidence = {row["operator"]: row["evidence"] for row in found["contexts"]}
    assert evidence["conv3"] == "1 on cpu"
    assert evidence["conv5"] == "unsupported_op: no kernel for Conv"
    assert evidence["tail"] == "1 of 2 operators"


async def test_nothing_is_known_of_what_was_not_measured(lab):
    await lab.target()
    found = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/capabilities?space=tiny")).json()
    assert set(found["operators"].values()) == {"unknown"}
    answer = await lab.submitter.get(f"/v1/targets/{lab.TARGET}/operators?space=nowhere")
    assert (answer.status_code, "nowhere" in answer.json()["detail"]) == (422, True)
    answer = await lab.submitter.get(f"/v1/targets/{OTHER}/operators?space=tiny")
    assert answer.status_code == 404


async def test_cancelling_keeps_what_was_measured_and_resuming_asks_for_the_rest(lab):
    agent = await builder(lab)
    campaign = await created(lab)
    leases = await agent.claim(up_to=4)
    await agent.report(*((lease, measured(lab, lease)) for lease in leases))
    answer = await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/cancel")
    counts = answer.json()["targets"][0]["counts"].values()
    assert answer.json()["state"] == "cancelled"
    assert (sum(c["measured"] for c in counts), sum(c["cancelled"] for c in counts)) == (4, OPERATORS)
    assert await agent.claim(up_to=64) == []
    assert (await step(lab, campaign))["state"] == "cancelled"

    answer = await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/resume")
    assert answer.json()["state"] == "active"
    assert len(await measure_all(lab, agent)) == OPERATORS
    done = await step(lab, campaign)
    assert done["state"] == "done"
    assert sum(count["measured"] for count in done["targets"][0]["counts"].values()) == OPERATORS + 4


async def test_resuming_asks_again_for_what_may_work_now(lab, clock):
    agent = await builder(lab)
    campaign = await created(lab, architectures=1, test=0, repeats=0, contexts=0)
    [lease] = await agent.claim()
    await agent.report((lease, lab.failed("timeout")))
    clock.advance(60)
    [lease] = await agent.claim()
    await agent.report((lease, lab.failed("timeout")))
    assert (await step(lab, campaign))["state"] == "done"
    await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/resume")
    assert len(await measure_all(lab, agent)) == 1


async def test_what_was_disturbed_is_measured_anew_in_rounds(lab):
    agent = await builder(lab)
    campaign = await created(lab, architectures=0, test=0, repeats=0, rounds=3)
    contended, fallback = (
        {"validity": {"valid": False, "reasons": [{"name": name, "text": "so it was"}]}}
        for name in ("contended", "fallback_partial")
    )

    def change(lease):
        starts = lease["recipe"]["recipe"]["text"].split("|")[0]
        return {"stem": contended, "tail": fallback}.get(starts, {})

    assert len(await measure_all(lab, agent, change)) == OPERATORS
    campaign = await step(lab, campaign)
    assert (campaign["state"], campaign["targets"][0]["round"]) == ("active", 2)
    [lease] = await measure_all(lab, agent, change)
    assert lease["recipe"]["recipe"]["text"].startswith("stem")

    campaign = await step(lab, campaign)
    assert (campaign["state"], campaign["targets"][0]["round"]) == ("active", 3)
    await measure_all(lab, agent)
    campaign = await step(lab, campaign)
    assert (campaign["state"], campaign["targets"][0]["counts"]["operator"]["invalid"]) == ("done", 1)


async def test_a_target_whose_rounds_are_over_is_looked_through_once_until_it_is_resumed(lab, monkeypatch):
    agent = await builder(lab)
    campaign = await created(lab, lab.TARGET, OTHER, architectures=0, test=0, repeats=0)
    lasting = {"valid": False, "reasons": [{"name": "fallback_partial", "text": "some ran elsewhere"}]}
    await measure_all(lab, agent, lambda _: {"validity": lasting})
    looked_at = []
    read = repeating.read_detail
    monkeypatch.setattr(repeating, "read_detail", lambda *row: looked_at.append(row) or read(*row))
    for _ in range(3):
        campaign = await step(lab, campaign)
    assert (campaign["state"], campaign["targets"][0]["round"]) == ("active", 1)
    assert len(looked_at) == OPERATORS
    await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/resume")
    assert len(await measure_all(lab, agent, lambda _: {"validity": lasting})) == OPERATORS
    await step(lab, campaign)
    assert len(looked_at) == 2 * OPERATORS


async def test_resuming_measures_again_what_was_disturbed(lab):
    agent = await builder(lab)
    campaign = await created(lab, architectures=0, test=0, repeats=0, rounds=1)
    disturbed = {"valid": False, "reasons": [{"name": "contended", "text": "measure again"}]}
    stems = {"stem|16x16x3->8|s2": {"validity": disturbed}}
    await measure_all(lab, agent, lambda lease: stems.get(lease["recipe"]["recipe"]["text"], {}))
    done = await step(lab, campaign)
    assert done["targets"][0]["counts"]["operator"]["invalid"] == 1
    await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/resume")
    [lease] = await measure_all(lab, agent)
    assert lease["recipe"]["recipe"]["text"] in stems
    done = await step(lab, campaign)
    assert (done["state"], done["targets"][0]["counts"]["operator"]["invalid"]) == ("done", 0)


async def test_resuming_measures_anew_what_another_version_of_the_protocol_has_measured(lab, monkeypatch):
    agent = await builder(lab)
    campaign = await created(lab, architectures=0, test=0, repeats=0)
    leases = await agent.claim(up_to=2)
    await agent.report(*((lease, measured(lab, lease)) for lease in leases))
    old = leases[0]["protocol_digest"]
    monkeypatch.setitem(PROTOCOLS, "survey", replace(SURVEY, version=SURVEY.version + 1))
    assert (await step(lab, campaign))["targets"][0]["counts"]["operator"]["outdated"] == OPERATORS

    await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/resume")
    leases = await measure_all(lab, agent)
    assert len(leases) == OPERATORS  # what was still open of before is asked of nobody
    assert old not in {lease["protocol_digest"] for lease in leases}
    done = await step(lab, campaign)
    assert done["state"] == "done"
    counts = done["targets"][0]["counts"]["operator"]
    assert (counts["measured"], counts["outdated"]) == (OPERATORS, 0)


async def test_resuming_measures_what_a_reset_recipe_has_lost(lab):
    agent = await builder(lab)
    campaign = await created(lab, architectures=0, test=0, repeats=0)
    await measure_all(lab, agent)
    assert (await step(lab, campaign))["state"] == "done"
    results = (await lab.submitter.get(f"/v1/campaigns/{campaign['id']}/results")).json()["items"]
    admin = await lab.client_of("admin")
    await admin.post(f"/v1/recipes/{results[0]['recipe_sha256']}/reset")
    await lab.submitter.post(f"/v1/campaigns/{campaign['id']}/resume")
    [lease] = await measure_all(lab, agent)
    assert lease["recipe"]["recipe"]["text"] == results[0]["text"]
    assert (await step(lab, campaign))["targets"][0]["counts"]["operator"]["measured"] == OPERATORS


async def test_a_budget_ends_it_and_leaves_the_operators(lab, clock):
    agent = await builder(lab)
    campaign = await created(lab, budget_s=10, repeats=0)
    leases = await agent.claim(up_to=64)
    kinds = [lease["recipe"]["recipe"]["kind"] for lease in leases]
    assert kinds == sorted(kinds, reverse=True), "operators come first"
    await agent.report(*((lease, measured(lab, lease)) for lease in leases))
    clock.advance(11)
    assert (await step(lab, campaign))["state"] == "done"


async def test_results_page_by_target_and_position(lab):
    agent = await builder(lab, offered=(lab.TARGET, OTHER))
    campaign = await created(lab, lab.TARGET, OTHER)
    await measure_all(lab, agent)
    rows, cursor = [], None
    while True:
        query = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = (await lab.submitter.get(f"/v1/campaigns/{campaign['id']}/results", params=query)).json()
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [row["target"] for row in rows] == sorted([lab.TARGET] * 10 + [OTHER] * 10)
    assert [row["position"] for row in rows] == [*range(10), *range(10)]
    first = next(row for row in rows if row["target"] == lab.TARGET)
    assert first["file_sha256"]
    assert (first["protocol"], first["device"], first["samples"]) == ("survey", "board", 3)
    assert first["low_ms"] < first["latency_ms"] < first["high_ms"]
    answer = await lab.submitter.get(f"/v1/campaigns/{campaign['id']}/results?cursor=nonsense")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"space": "nowhere"}, "nowhere"),
        ({"targets": ["a", "a"]}, "twice"),
        ({"targets": []}, "targets"),
        ({"contexts": 0, "architectures": 0, "test": 0}, "nothing"),
        ({"repeats": 2}, "repeats"),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused(lab, changes, word):
    answer = await lab.submitter.post("/v1/campaigns", json=PLAN | {"targets": [lab.TARGET]} | changes)
    assert (answer.status_code, word in answer.json()["detail"]) == (422, True), answer.text


async def test_others_do_not_see_it(lab, client_of):
    campaign = await created(lab)
    other = await client_of("submitter", project="default")
    assert (await other.get(f"/v1/campaigns/{campaign['id']}")).status_code == 200
    listed = (await other.get("/v1/campaigns")).json()["items"]
    assert [each["id"] for each in listed] == [campaign["id"]]
    assert (await lab.submitter.get("/v1/campaigns/99")).status_code == 404
