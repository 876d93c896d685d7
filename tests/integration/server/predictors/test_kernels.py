"""Predictors of files: published, asked over REST, and told apart from what strangers make up."""

import hashlib
import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select, update

from edgemeter.graphs import read_graph
from edgemeter.kernels.wiring import Wiring
from edgemeter.wire.predictors import ANY_NETWORK
from edgemeter_predictors.kernels.pricing import KernelPricing
from edgemeter_server.artifacts.collection import collect
from edgemeter_server.artifacts.ownership import GRACE_US
from edgemeter_server.artifacts.tables import artifact_graphs
from edgemeter_server.devices.tables import target_revisions
from edgemeter_server.predictors import finding, queueing, watching
from edgemeter_server.predictors.kernels import prices
from edgemeter_server.predictors.tables import predictors

from ..jobs.conftest import measurement_of
from .kernel_files import ENGINE, changed, latency_ms, network

OCTETS = {"Content-Type": "application/octet-stream"}
on_sqlite = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


async def published(lab, content, client=None, **query):
    query = {"target": lab.TARGET} | query
    client = client or lab.submitter
    return await client.post("/v1/predictors/kernels", params=query, content=content, headers=OCTETS)


async def handed_in(lab, content):
    sha256 = hashlib.sha256(content).hexdigest()
    answer = await lab.submitter.put(f"/v1/artifacts/{sha256}", content=content, headers=OCTETS)
    assert answer.status_code == 201, answer.text
    return sha256


async def asked(lab, *sha256s, client=None, **changes):
    message = {"artifacts": sha256s, "targets": [lab.TARGET]} | changes
    return await (client or lab.submitter).post("/v1/estimates", json=message)


async def estimate(lab, sha256, **changes):
    answer = await asked(lab, sha256, **changes)
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["estimates"]
    return found


@pytest.fixture
async def first(lab, kernel_file):
    """The document of a published version."""
    await lab.agent()
    answer = await published(lab, kernel_file)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def runs(lab, engine):
    """The target's device tells that its engine is of this version."""
    told = update(target_revisions).values(fingerprint=json.dumps({"engine": engine}))
    await lab.services.database.write(lambda c: c.execute(told).rowcount)


async def test_a_version_says_what_it_is_of(lab, first, kernel_file):
    assert (first["space"], first["model"], first["number"], first["active"]) == (
        ANY_NETWORK,
        "kernel",
        1,
        True,
    )
    assert (first["target"], first["networks"], first["stale"]) == (lab.TARGET, 30, None)
    assert first["campaign"]["engine_version"] == ENGINE
    assert first["campaign"]["kernels"] > 100
    assert first["campaign"]["published_by"]
    assert first["file_sha256"] == hashlib.sha256(kernel_file).hexdigest()
    assert first["cross_validated"]["mape_percent"] < 20
    fit = (await lab.submitter.get(f"/v1/fits/{first['fit_id']}")).json()
    assert (fit["state"], fit["predictor_id"]) == ("done", first["id"])
    content = (await lab.submitter.get(f"/v1/predictors/{first['id']}/content")).content
    assert content == kernel_file


async def test_a_file_is_predicted_as_it_is_where_the_predictor_was_fitted(lab, first, kernel_file, tmp_path):
    content = network(100)
    file = tmp_path / "n.onnx"
    file.write_bytes(content)
    graph = read_graph(file)
    found = await estimate(lab, await handed_in(lab, content), parts=True)
    local = KernelPricing().open(kernel_file).estimate_file(Wiring.of(graph))
    assert found["latency_ms"] == pytest.approx(local.latency_ms)
    assert found["interval"] == {
        "low_ms": pytest.approx(local.low_ms),
        "high_ms": pytest.approx(local.high_ms),
        "level": 0.9,
    }
    assert found["latency_ms"] == pytest.approx(latency_ms(graph), rel=0.2)
    assert (found["source"], found["predictor_id"], found["predictor_number"]) == (
        "predicted",
        first["id"],
        1,
    )
    assert (found["unknown_operators"], found["stale"]) == ([], None)
    assert len(found["parts"]) == len(graph.operators)
    total = sum(part["latency_ms"] for part in found["parts"]) + found["rest_ms"]
    assert total == pytest.approx(found["latency_ms"])
    wider = await estimate(lab, found["artifact"], level=0.98)
    assert wider["interval"]["high_ms"] > found["interval"]["high_ms"]
    assert wider["parts"] is None


async def test_what_the_campaign_had_not_is_named_and_widens_the_interval(lab, first):
    plain = await estimate(lab, await handed_in(lab, network(101)))
    strange = await estimate(lab, await handed_in(lab, network(101, "Sqrt")))
    assert strange["unknown_operators"]
    assert all("Sqrt" in each for each in strange["unknown_operators"])
    widths = [each["interval"]["high_ms"] - each["interval"]["low_ms"] for each in (plain, strange)]
    assert widths[1] > widths[0]


async def test_versions_are_those_of_any_predictor(lab, first, kernel_file):
    second = (await published(lab, kernel_file)).json()
    third = (await published(lab, kernel_file, activate=False)).json()
    assert [each["number"] for each in (second, third)] == [2, 3]
    listed = (await lab.submitter.get("/v1/predictors", params={"space": ANY_NETWORK})).json()["items"]
    assert [(each["number"], each["active"]) for each in listed] == [(3, False), (2, True), (1, False)]
    sha256 = await handed_in(lab, network(102))
    assert (await estimate(lab, sha256))["predictor_number"] == 2
    back = await lab.submitter.post(f"/v1/predictors/{first['id']}/activate")
    assert back.json()["active"]
    assert (await estimate(lab, sha256))["predictor_number"] == 1


async def test_what_was_measured_is_the_better_answer_and_judges_versions(lab, kernel_file):
    agent = await lab.agent()
    first, second = [(await published(lab, kernel_file)).json() for _ in range(2)]
    path = f"/v1/predictors/{first['id']}/comparison/{second['id']}"
    assert (await lab.submitter.get(path)).json()["networks"] == 0
    sha256 = await handed_in(lab, network(103))
    doubtful = await estimate(lab, sha256, max_interval=0.001)
    assert (doubtful["source"], doubtful["predictor_id"]) == ("predicted", second["id"])
    assert doubtful["request_id"]
    [lease] = await agent.claim()
    await agent.report((lease, {"result": "measured", "measurement": measurement_of(lease, 0.5)}))
    found = await estimate(lab, sha256)
    assert (found["source"], found["latency_ms"], found["predictor_number"]) == ("measured", 0.5, None)
    better = await estimate(lab, sha256, measured=False, max_interval=0.001, parts=True)
    assert (better["source"], better["parts"], better["unknown_operators"]) == ("measured", None, None)
    compared = (await lab.submitter.get(path)).json()
    assert compared["networks"] == 1
    assert compared["differing"][0]["architecture"] == sha256
    assert compared["first_accuracy"] == compared["second_accuracy"]


async def test_what_is_measured_since_says_whether_it_still_holds(lab, kernel_file, clock, monkeypatch):
    monkeypatch.setattr(watching, "FEWEST", 3)
    agent = await lab.agent()

    async def measured(seeds, factor):
        for seed in seeds:
            found = await estimate(lab, await handed_in(lab, network(seed)), max_interval=0.001)
            [lease] = await agent.claim()
            result = {
                "result": "measured",
                "measurement": measurement_of(lease, factor * found["latency_ms"]),
            }
            await agent.report((lease, result))

    async def drift():
        await watching.watch(lab.services)
        return (await lab.submitter.get(f"/v1/predictors/{version['id']}")).json()["drift"]

    await published(lab, kernel_file)
    await measured([120], 9.0)
    clock.advance(1)
    version = (await published(lab, kernel_file)).json()
    clock.advance(1)
    await measured([121, 122], 1.0)
    assert await drift() is None  # too few, and what was measured before it says nothing of it
    await measured([123], 1.0)
    holds = await drift()
    assert (holds["drifted"], holds["networks"], holds["inside_percent"]) == (False, 3, 100)
    await measured([124, 125, 126, 127], 3.0)
    moved = await drift()
    assert (moved["drifted"], moved["networks"]) == (True, 7)
    assert "measurements" in moved["reason"]
    # Nothing is fitted anew: that is done where the engine is.
    assert await lab.services.database.write(lambda c: queueing.claim(c, clock.now_us(c))) is None


async def test_a_file_is_read_once_and_priced_once(lab, first, monkeypatch):
    sha256 = await handed_in(lab, network(104))
    answer = await estimate(lab, sha256)
    monkeypatch.setattr(prices, "packed_graph", None)
    assert await estimate(lab, sha256) == answer
    assert await estimate(lab, sha256, parts=True) == answer | {
        "parts": (await estimate(lab, sha256, parts=True))["parts"],
        "rest_ms": (await estimate(lab, sha256, parts=True))["rest_ms"],
    }
    monkeypatch.setattr(finding, "_MOST_NEW", 0)
    assert (await asked(lab, sha256)).status_code == 200
    assert (await asked(lab, sha256, level=0.8)).status_code == 413


async def test_files_of_before_are_read_when_they_are_asked_about(lab, first, clock):
    sha256 = await handed_in(lab, network(105))
    found = await estimate(lab, sha256)
    rows = select(func.count()).select_from(artifact_graphs)
    database = lab.services.database
    await database.write(lambda c: c.execute(delete(artifact_graphs)).rowcount)
    assert await estimate(lab, sha256, level=0.8) != found
    assert await database.read(lambda c: c.execute(rows).scalar()) == 1
    # As private as the file, and gone with it.
    assert (await lab.submitter.delete(f"/v1/artifacts/{sha256}")).status_code == 204
    assert (await asked(lab, sha256)).status_code == 404
    clock.advance(GRACE_US / 1e6 + 1)
    assert await collect(lab.services) == 1
    assert await database.read(lambda c: c.execute(rows).scalar()) == 0


async def test_a_file_that_cannot_be_predicted_says_why(lab, first):
    open_sizes = await handed_in(lab, network(106, side="side"))
    answer = await asked(lab, open_sizes)
    assert (answer.status_code, "leave sizes open" in answer.json()["detail"]) == (422, True)
    [lost] = await lab.networks(1)
    assert (await asked(lab, lost)).status_code == 503


async def test_without_a_version_one_is_told_how_to_get_it(lab):
    await lab.agent()
    answer = await asked(lab, await handed_in(lab, network(107)))
    assert answer.status_code == 404
    assert "`kernels publish`" in answer.json()["detail"]


async def test_another_engine_than_the_targets_is_refused_or_told(lab, kernel_file):
    await lab.agent()
    await runs(lab, "1.32.0")
    answer = await published(lab, kernel_file)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    assert "1.32.0" in answer.json()["detail"]
    assert (await lab.submitter.get("/v1/predictors")).json()["items"] == []
    stale = (await published(lab, kernel_file, stale=True)).json()
    assert ENGINE in stale["stale"]
    sha256 = await handed_in(lab, network(108))
    assert "1.32.0" in (await estimate(lab, sha256))["stale"]
    await runs(lab, ENGINE)
    assert (await estimate(lab, sha256))["stale"] is None


async def test_a_target_that_nobody_offers_has_no_predictor(lab, kernel_file):
    await lab.target()
    answer = await published(lab, kernel_file)
    assert (answer.status_code, "no approved device" in answer.json()["detail"]) == (409, True)


@on_sqlite
async def test_what_is_no_predictor_of_the_target_is_refused(lab, kernel_file):
    await lab.agent()
    cases = [
        (b"", "not a saved predictor"),
        (kernel_file[:-1], "not whole"),
        (kernel_file[:500] + b"?" + kernel_file[501:], "changed after"),
        (changed(kernel_file, target="other.cpu.onnxruntime-1.31.fp32.t1.b1"), "is of other"),
        (changed(kernel_file, engine_version=None), "engine_version"),
        (changed(kernel_file, campaign_sha256="?"), "campaign_sha256"),
    ]
    for content, words in cases:
        answer = await published(lab, content)
        assert answer.status_code == 422, (words, answer.text)
        assert words in answer.json()["detail"]
    assert (await published(lab, kernel_file, target="nobody")).status_code == 404
    assert (await published(lab, kernel_file, await lab.client_of("viewer"))).status_code == 403
    nothing = select(func.count()).select_from(predictors)
    assert await lab.services.database.read(lambda c: c.execute(nothing).scalar()) == 0


@on_sqlite
async def test_a_version_of_another_project_does_not_answer(lab, kernel_file, first):
    sha256 = await handed_in(lab, network(109))
    assert (await estimate(lab, sha256))["source"] == "predicted"
    admin = await lab.client_of("admin")
    await admin.post("/v1/projects", json={"slug": "other", "private": True})
    stranger = await lab.client_of("submitter", project="other")
    assert (await asked(lab, sha256, client=stranger, project="other")).status_code == 404
    assert (await published(lab, kernel_file, stranger)).status_code == 404
    answer = await published(replace(lab, submitter=stranger), kernel_file, project="other")
    assert (answer.status_code, answer.json()["number"]) == (201, 1)
