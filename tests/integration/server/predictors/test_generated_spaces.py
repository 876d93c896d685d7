"""The file of a generated space where a space's name stands, through the commands and the real service."""

import asyncio
import json

import pytest
from sqlalchemy import select

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.subset_files import write_subset
from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.campaigns.tables import campaigns

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, measure_all
from .test_predictors import fitted

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)
OWN = ["small@1:conv5,conv3", "small@1:conv5,conv5"]


@pytest.fixture
def file(tmp_path, tiny):
    write_subset(Subset(find_space("tiny"), "small", {"layer1": ["conv5"]}), path := tmp_path / "small.json")
    return path


async def document(edgemeter, *words):
    done = await edgemeter(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def test_it_stands_wherever_a_space_does(measured, edgemeter, file):
    await fitted(measured)
    target = ("-t", measured.TARGET)
    begun = await document(edgemeter, "profile", file, *target, "--no-wait", "--test", 0)
    assert begun["campaign"]["plan"]["space"] == "tiny"
    assert begun["campaign"]["plan"]["part"]["name"] == "small"
    counts = begun["campaign"]["targets"][0]["counts"]
    assert (counts["operator"]["planned"], counts["train"]["planned"]) == (5, 2)
    shown = await edgemeter("campaign", "show", begun["campaign"]["id"])
    assert "small (of tiny), version 1" in shown.stdout

    found = (await document(edgemeter, "predict", file, *OWN, *target, "--predicted"))["estimates"]
    base = [text.replace("small", "tiny") for text in OWN]
    whole = (await document(edgemeter, "predict", "tiny", *base, *target, "--predicted"))["estimates"]
    assert [each["architecture"] for each in found] == OWN
    assert [each["latency_ms"] for each in found] == [each["latency_ms"] for each in whole]
    outside = await edgemeter("predict", file, "tiny@1:conv3,conv3", *target)
    assert "is not in small" in str(outside.exception)

    listed = await document(edgemeter, "predictors", "list", "--space", file)
    assert [each["space"] for each in listed["predictors"]] == ["tiny"]
    [known] = (await document(edgemeter, "capabilities", measured.TARGET, "--space", file, "--stored"))[
        "capabilities"
    ]
    assert len(known["contexts"]) == 5


async def test_its_tests_judge_a_predictor_apart(lab, file):
    agent, part = await builder(lab), {"name": "small", "version": 1, "choices": {"layer1": ["conv5"]}}
    await created(lab, architectures=0, test=1, repeats=0)
    await created(lab, architectures=0, test=2, repeats=0, part=part)
    await advance_all(lab.services)
    await measure_all(lab, agent)
    predictor = await fitted(lab, model="hierarchical")
    assert predictor["tested_apart"]["small"]["networks"] == 2
    assert predictor["tested"]["networks"] in (2, 3)


async def test_its_commands_find_their_own_campaign_again(measured, edgemeter, file):
    await fitted(measured)
    words = ("profile", file, "-t", measured.TARGET, "--no-wait", "--fresh")
    first = await document(edgemeter, *words)
    assert (await document(edgemeter, *words))["campaign"]["id"] == first["campaign"]["id"]
    other = await document(edgemeter, "profile", "tiny", *words[2:])
    assert other["campaign"]["id"] != first["campaign"]["id"]
    rows = await measured.services.database.read(lambda c: c.execute(select(campaigns.c.id)).all())
    assert len(rows) == 3


async def test_a_search_asks_its_predictor_with_its_own_codes(measured, edgemeter, file):
    from edgemeter.cli import remote
    from edgemeter.spaces.subset_files import open_space
    from edgemeter.spaces.text import from_text

    await fitted(measured)

    def ask():
        with remote._client(None, None) as client:
            own = client.predictor(file, measured.TARGET).predict(
                from_text(open_space(str(file)), OWN[0])[None]
            )
            text = OWN[0].replace("small", "tiny")
            whole = client.predictor("tiny", measured.TARGET)
            return own.mean_ms, whole.predict(from_text(find_space("tiny"), text)[None]).mean_ms

    own, whole = await asyncio.to_thread(ask)
    assert own == whole
