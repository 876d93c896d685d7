"""Campaigns that measure what a predictor knows least."""

from sqlalchemy import select

from edgemeter_server.campaigns.advancing import advance_all
from edgemeter_server.predictors.asked import remember
from edgemeter_server.predictors.tables import query_sketches

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, measure_all
from .test_predictors import ALL, asked, estimated, fitted, in_bulk


def texts(leases):
    recipes = [lease["recipe"]["recipe"] for lease in leases]
    return [recipe["text"] for recipe in recipes if recipe["kind"] == "architecture"]


async def sketched(lab):
    rows = select(query_sketches.c.content)
    content = await lab.services.database.read(lambda connection: connection.execute(rows).scalar_one())
    return sorted(content[at : at + 2] for at in range(0, len(content), 2))


async def test_an_active_campaign_measures_what_is_new(lab):
    agent = await builder(lab)
    await created(lab, architectures=1, test=1, repeats=0, active=True)  # no predictor answers: drawn as ever
    known = texts(await measure_all(lab, agent))
    assert len(known) == 2
    await fitted(lab, model="hierarchical")
    await estimated(lab, architectures=ALL[1:2])
    assert (await in_bulk(lab, bytes([1, 0]))).status_code == 200
    await remember(lab.services)
    await estimated(lab, architectures=ALL[1:2])
    await remember(lab.services)
    assert await sketched(lab) == [b"\x00\x01", b"\x00\x01", b"\x01\x00"]
    await created(lab, architectures=2, test=0, repeats=0, contexts=0, active=True)
    await advance_all(lab.services)
    new = texts(await measure_all(lab, agent))
    assert sorted([*known, *new]) == ALL
    # All is known: what is planned is drawn, and stored.
    campaign = await created(lab, architectures=2, test=0, repeats=0, contexts=0, active=True)
    assert campaign["targets"][0]["counts"]["train"]["stored"] == 2
    assert (await asked(lab)).status_code == 202
