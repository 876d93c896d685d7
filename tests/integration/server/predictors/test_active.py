"""Campaigns that measure what a predictor knows least."""

from edgemeter_server.campaigns.advancing import advance_all

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, measure_all
from .test_predictors import ALL, asked, fitted


def texts(leases):
    recipes = [lease["recipe"]["recipe"] for lease in leases]
    return [recipe["text"] for recipe in recipes if recipe["kind"] == "architecture"]


async def test_an_active_campaign_measures_what_is_new(lab):
    agent = await builder(lab)
    await created(lab, architectures=1, test=1, repeats=0, active=True)  # no predictor answers: drawn as ever
    known = texts(await measure_all(lab, agent))
    assert len(known) == 2
    await fitted(lab, model="hierarchical")
    await created(lab, architectures=2, test=0, repeats=0, contexts=0, active=True)
    await advance_all(lab.services)
    new = texts(await measure_all(lab, agent))
    assert sorted([*known, *new]) == ALL
    # All is known: what is planned is drawn, and stored.
    campaign = await created(lab, architectures=2, test=0, repeats=0, contexts=0, active=True)
    assert campaign["targets"][0]["counts"]["train"]["stored"] == 2
    assert (await asked(lab)).status_code == 202
