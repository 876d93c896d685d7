"""Campaigns of generated spaces: planned within the choices that are left, as networks of the base space."""

import pytest

from .conftest import builder
from .test_campaigns import measure_all, step

PART = {"name": "small", "version": 1, "choices": {"layer1": ["conv5"]}}
PLAN = {"space": "tiny", "architectures": 5, "test": 5, "repeats": 0.0, "part": PART}


async def created(lab, **changes):
    return await lab.submitter.post("/v1/campaigns", json=PLAN | {"targets": [lab.TARGET]} | changes)


async def test_only_what_is_in_the_part_is_measured_and_it_is_the_base_s(lab):
    agent = await builder(lab)
    answer = await created(lab)
    assert answer.status_code == 201, answer.text
    campaign = answer.json()
    assert campaign["targets"][0]["contexts"] == 5
    assert campaign["plan"]["part"] == PART

    recipes = [lease["recipe"]["recipe"] for lease in await measure_all(lab, agent)]
    assert {recipe["space"] for recipe in recipes} == {"tiny"}
    texts = {kind: {r["text"] for r in recipes if r["kind"] == kind} for kind in ("operator", "architecture")}
    assert {text.split("|")[0] for text in texts["operator"]} == {"stem", "conv3", "conv5", "tail"}
    assert not any(text.startswith("conv3|8x8x8->8|") for text in texts["operator"])
    assert texts["architecture"] == {"tiny@1:conv5,conv3", "tiny@1:conv5,conv5"}
    assert (await step(lab, campaign))["state"] == "done"

    whole = await lab.submitter.get(f"/v1/targets/{lab.TARGET}/architectures?space=tiny")
    assert {row["text"] for row in whole.json()["rows"]} == texts["architecture"]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (PART | {"version": 2}, "version 2"),
        (PART | {"choices": {"layer9": ["conv5"]}}, "layer9"),
        (PART | {"choices": {"layer1": ["conv9"]}}, "conv9"),
        (PART | {"choices": {"layer1": []}}, "layer1"),
    ],
)
async def test_a_part_that_is_none_of_the_space_is_refused(lab, part, words):
    answer = await created(lab, part=part)
    assert answer.status_code == 422
    assert words in answer.text
