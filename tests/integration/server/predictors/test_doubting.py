"""Estimates that are too uncertain: measured by the devices, and waited for."""

import asyncio

import pytest

from edgemeter_server.campaigns.advancing import advance_all

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, latency_ms, measure_all, measured
from .test_predictors import ALL, estimated, fitted


@pytest.fixture
async def agent(lab):
    """Of a laboratory in which one architecture is measured, and a predictor answers."""
    agent = await builder(lab)
    await created(lab, architectures=1, test=0, repeats=0)
    await advance_all(lab.services)
    await measure_all(lab, agent)
    await fitted(lab)
    return agent


async def asked(lab, client=None, wait=0.0, **changes):
    message = {"space": "tiny", "architectures": ALL, "targets": [lab.TARGET], "max_interval": 1e-9} | changes
    return await (client or lab.submitter).post("/v1/estimates", json=message, params={"wait": wait})


async def test_what_is_doubtful_is_answered_at_once_with_its_job(lab, agent):
    found = (await asked(lab)).json()["estimates"]
    predicted = [each for each in found if each["source"] == "predicted"]
    assert len(predicted) == 3
    for each in predicted:
        request = (await lab.submitter.get(f"/v1/requests/{each['request_id']}")).json()
        assert (request["job_id"], request["target"]) == (each["job_id"], lab.TARGET)
    again = (await asked(lab, measured=False)).json()["estimates"]
    assert [each["source"] for each in again] == [each["source"] for each in found]  # stored is as good
    sure = await estimated(lab, measured=False, max_interval=10)
    assert not any(each["request_id"] for each in sure)


async def test_waiting_ends_when_all_is_measured(lab, agent):
    waiting = asyncio.create_task(asked(lab, wait=60, level=0.95))
    leases = []
    while len(leases) < 3:
        some = await agent.claim(up_to=1, wait_s=30)
        await agent.report(*((lease, measured(lab, lease)) for lease in some))
        leases += some
    found = (await waiting).json()["estimates"]
    assert {each["source"] for each in found} == {"measured"}
    by_text = {lease["recipe"]["recipe"]["text"]: lease for lease in leases}
    for each in found:
        if (lease := by_text.get(each["architecture"])) is not None:
            assert each["latency_ms"] == pytest.approx(latency_ms(lease))
            assert each["interval"]["level"] == 0.9  # as measurements are, whatever was asked for
    assert len(await estimated(lab)) == 4
    assert {each["source"] for each in await estimated(lab)} == {"measured"}


async def test_what_fails_stays_predicted_and_names_its_request(lab, agent):
    waiting = asyncio.create_task(asked(lab, wait=60, architectures=ALL))
    left = 3
    while left:
        some = await agent.claim(up_to=4, wait_s=30)
        await agent.report(*((lease, lab.failed("unsupported_op")) for lease in some))
        left -= len(some)
    found = (await waiting).json()["estimates"]
    failed = [each for each in found if each["source"] == "predicted"]
    assert len(failed) == 3
    request = (await lab.submitter.get(f"/v1/requests/{failed[0]['request_id']}")).json()
    assert request["state"] == "failed"


async def test_a_viewer_may_have_nothing_measured(lab, agent):
    viewer = await lab.client_of("viewer")
    assert (await asked(lab, viewer)).status_code == 403
    assert (await asked(lab, viewer, max_interval=None)).status_code == 200
    assert (await asked(lab, wait=61)).status_code == 422
