"""Estimates of what is no architecture's text: codes, operators in their contexts, and files."""

import pytest
from sqlalchemy import update

from edgemeter.client import AsyncClient
from edgemeter.spaces.registry import find_space
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter.wire.problems import ProblemError
from edgemeter_predictors import analytic
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.campaigns.advancing import advance_all

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, measure_all
from .test_client import client  # noqa: F401  # a fixture
from .test_predictors import ALL, estimated, fitted


async def told(lab, **message):
    return await lab.submitter.post("/v1/estimates", json={"targets": [lab.TARGET]} | message)


async def test_codes_are_answered_as_their_texts(measured):
    await fitted(measured)
    codes = [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert await estimated(measured, architectures=codes) == await estimated(measured, architectures=ALL)
    mixed = [[0, 0], *ALL[1:]]
    assert await estimated(measured, architectures=mixed) == await estimated(measured, architectures=ALL)
    for odd, words in (([[0, 0, 0]], "2 codes"), ([[0, 9]], "not one of the codes"), ([[0, 256]], "255")):
        answer = await told(measured, space="tiny", architectures=odd)
        assert answer.status_code == 422
        assert words in answer.text


async def test_operators_are_measured_or_guessed_from_their_like(measured):
    keys = [placed.key for placed in find_space("tiny").placed]
    found = (await told(measured, space="tiny", operators=keys)).json()["estimates"]
    assert [each["operator"] for each in found] == keys
    assert {each["source"] for each in found} == {"measured"}
    [guess] = (await told(measured, space="tiny", operators=keys[:1], measured=False)).json()["estimates"]
    assert (guess["source"], guess["measurement_id"]) == ("predicted", None)
    assert guess["interval"]["low_ms"] < guess["latency_ms"] < guess["interval"]["high_ms"]
    assert f"{len(keys) - 1} measured operators" in guess["basis"]
    wanted = {"operators": keys[:1], "measured": False, "max_interval": 1e-9}
    [better] = (await told(measured, space="tiny", **wanted)).json()["estimates"]
    assert (better["source"], better["basis"]) == ("measured", None)  # it was stored
    assert better["latency_ms"] == found[0]["latency_ms"]
    answer = await told(measured, space="tiny", operators=["conv9|x"])
    assert answer.status_code == 422
    assert "the nearest is" in answer.json()["detail"]


async def test_without_a_table_one_is_told_how_to_get_it(lab):
    await lab.agent()
    answer = await told(lab, space="tiny", operators=[find_space("tiny").placed[0].key])
    assert answer.status_code == 404
    assert "edgemeter profile tiny" in answer.json()["detail"]


async def test_files_are_measured_or_estimated_roughly(lab, monkeypatch):
    monkeypatch.setattr(analytic, "FEWEST", 4)
    agent = await builder(lab)
    await created(lab, architectures=4, test=0, repeats=0)
    await advance_all(lab.services)
    await measure_all(lab, agent)
    [file] = await lab.networks(1)
    answer = await told(lab, artifacts=[file])
    assert answer.status_code == 404
    assert "has not been measured" in answer.json()["detail"]
    features = GraphFeatures(
        inputs={},
        operators=1,
        operator_types={},
        macs=10**6,
        parameters=1000,
        peak_memory_bytes=None,
        structural_hash=None,
        precision="fp32",
    ).model_dump_json()
    mine = artifacts.c.sha256 == bytes.fromhex(file)
    await lab.services.database.write(
        lambda c: c.execute(update(artifacts).where(mine).values(features=features)) and None
    )
    answer = await told(lab, artifacts=[file], analytic=True, max_interval=0.01)
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["estimates"]
    assert (found["artifact"], found["source"]) == (file, "analytic")
    assert found["request_id"]
    [lease] = await agent.claim()
    await agent.report((lease, lab.measured(lease)))
    [found] = (await told(lab, artifacts=[file])).json()["estimates"]
    assert found["source"] == "measured"
    assert found["measurement_id"]
    assert (await told(lab, artifacts=["0" * 64])).status_code == 404


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"space": "tiny"},
        {"architectures": ALL},
        {"space": "tiny", "artifacts": ["0" * 64]},
        {"space": "tiny", "architectures": ALL, "operators": ["x"]},
    ],
)
async def test_one_kind_of_network_is_asked_about(lab, message):
    assert (await told(lab, **message)).status_code == 422


async def test_the_client_asks_about_each(measured, client: AsyncClient):  # noqa: F811
    keys = [placed.key for placed in find_space("tiny").placed]
    found = await client.operator_estimates("tiny", keys[:2], measured.TARGET)
    assert [each.operator for each in found] == keys[:2]
    [file] = await measured.networks(1)
    with pytest.raises(ProblemError, match="has not been measured"):
        await client.artifact_estimates([file], measured.TARGET)
