"""A target without a predictor: told how to get one, or a rough estimate that says what it is made of."""

import json

import pytest
from sqlalchemy import delete, func, select, update

from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_predictors import analytic
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.devices.targets import known_target
from edgemeter_server.predictors.analytic import known_networks
from edgemeter_server.recipes.tables import recipes

from .test_predictors import ALL, estimated, fitted

_ARCHITECTURES = recipes.c.kind == "architecture"


async def refusal(lab, **changes):
    message = {"space": "tiny", "architectures": ALL, "targets": [lab.TARGET], "measured": False} | changes
    answer = await lab.submitter.post("/v1/estimates", json=message)
    assert answer.status_code == 404, answer.text
    return answer.json()["detail"]


@pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
async def test_never_silently(measured, edgemeter, monkeypatch):
    told = await refusal(measured)
    for words in ("edgemeter profile tiny", "edgemeter fit tiny", "`--analytic`"):
        assert words in told
    told = await refusal(measured, analytic=True)
    assert "needs 5 measured networks, there are 4" in told
    assert "edgemeter submit references@1:mobilenet_v1,1.0 references@1:mobilenet_v2,1.0" in told
    assert {each["source"] for each in await estimated(measured)} == {"measured"}  # no predictor is needed

    monkeypatch.setattr(analytic, "FEWEST", 4)
    for each in await estimated(measured, measured=False, analytic=True):
        assert each["source"] == "analytic"
        assert "as 4 networks measured on" in each["basis"]
        assert each["interval"]["high_ms"] > 2 * each["latency_ms"]
    words = ("predict", "tiny", *ALL, "-t", measured.TARGET, "--predicted", "--analytic")
    shown = " ".join((await edgemeter(*words)).stdout.split())
    assert "no predictor: by multiply-adds and parameters" in shown
    doubtful = json.loads((await edgemeter(*words, "--max-interval", "0.5", "--json")).stdout)
    assert all(each["request_id"] for each in doubtful["estimates"])

    await fitted(measured)
    found = await estimated(measured, measured=False, analytic=True)
    assert {each["source"] for each in found} == {"predicted"}


async def test_files_tell_as_architectures_do(measured):
    """What an uploaded file computes is read from its features."""
    features = GraphFeatures(
        inputs={},
        operators=1,
        operator_types={},
        macs=1000,
        parameters=10,
        peak_memory_bytes=None,
        structural_hash=None,
        precision="fp32",
    )

    def described(connection):
        """As if one of the recipes were a file."""
        first = connection.execute(select(func.min(recipes.c.artifact_id)).where(_ARCHITECTURES)).scalar_one()
        connection.execute(delete(recipes).where(recipes.c.artifact_id == first))
        row = update(artifacts).where(artifacts.c.id == first)
        connection.execute(row.values(features=features.model_dump_json()))

    def known(connection):
        return known_networks(connection, 1, known_target(connection, measured.TARGET))

    before = await measured.services.database.read(known)
    await measured.services.database.write(described)
    after = await measured.services.database.read(known)
    assert len(before) == len(after) == 4
    assert {each[:2] for each in after} - {each[:2] for each in before} == {(1000, 10)}
