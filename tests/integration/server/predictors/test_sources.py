"""A new target that starts from the predictors of others: on both databases."""

import pytest

from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.predictors import queueing, sources, working

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, measure_all
from .test_predictors import asked, estimated, fitted

NEW = "other.cpu.openvino-2026.2.int8.t1.b1"


@pytest.fixture
async def new(measured):
    """A target with three architectures, none of its operators, and one to test, beside one that is known."""
    await fitted(measured)
    agent = await builder(measured, device="other", offered=(NEW,))
    await created(measured, NEW, architectures=3, test=1, repeats=0, contexts=0)
    await advance_all(measured.services)
    await measure_all(measured, agent)
    return measured


async def refusal(lab, **changes):
    fit = (await asked(lab, target=NEW, **changes)).json()
    await working.work_off(lab.services)
    return (await lab.submitter.get(f"/v1/fits/{fit['id']}")).json()["failure"]


async def test_sources_are_found_unless_they_are_named(new, monkeypatch):
    predictor = await fitted(new, target=NEW, model="transfer")
    assert (predictor["model"], predictor["operators"], predictor["networks"]) == ("transfer", 0, 3)
    assert f"nearest: {new.TARGET} 100%" in predictor["explanation"]
    assert predictor["tested"]["networks"] == 1
    found = await estimated(new, targets=[NEW], measured=False)
    assert {each["predictor_id"] for each in found} == {predictor["id"]}
    assert (await fitted(new, target=NEW, sources=[new.TARGET], model="transfer"))["model"] == "transfer"
    monkeypatch.setattr(sources, "FEW", 2)
    assert (await fitted(new, target=NEW, model="auto"))["model"] == "bayesian_ridge"


async def test_a_source_must_have_a_predictor_of_its_own(new):
    assert "predictors of other targets" in await refusal(new, sources=[], model="transfer")
    assert "predictors list" in await refusal(new, sources=["nobody.cpu.litert-2.fp32.t1.b1"])
    await fitted(new, target=NEW, model="transfer")
    answer = await asked(new, sources=[NEW])
    await working.work_off(new.services)
    fit = (await new.submitter.get(f"/v1/fits/{answer.json()['id']}")).json()
    assert "measurements of its own" in fit["failure"]


async def test_a_fit_begun_again_has_the_same_sources(new, clock):
    first = await fitted(new, target=NEW, sources=[new.TARGET], model="transfer")
    database = new.services.database
    await database.write(lambda c: queueing.begin_again(c, first["fit_id"], "moved", clock.now_us(c)))
    held = await database.write(lambda c: queueing.claim(c, clock.now_us(c)))
    assert held.sources == (new.TARGET,)
