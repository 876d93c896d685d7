"""Versions beside each other, and held against what was measured since: on both databases."""

import asyncio
from dataclasses import replace

import pytest

from edgemeter_server.predictors import queueing, watching, working

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import created, latency_ms, measure_all
from ..campaigns.test_campaigns import measured as reported
from .test_predictors import ALL, asked, fitted

OTHER = "other.cpu.openvino-2026.2.int8.t1.b1"


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """The small space has four architectures."""
    monkeypatch.setattr(watching, "FEWEST", 3)


async def measured_anew(lab, factor=1.0):
    """All architectures once more, so much slower."""
    agent = await builder(lab)
    await created(lab, architectures=4, test=0, repeats=0, contexts=0, fresh=True)

    leases = await agent.claim(up_to=64)
    await agent.report(*((lease, _slower(lab, lease, factor)) for lease in leases))


def _slower(lab, lease, factor):
    latency = lab.measurement_of(lease, factor * latency_ms(lease))["latency"]
    return reported(lab, lease, latency=latency)


async def shown(lab, predictor):
    return (await lab.submitter.get(f"/v1/predictors/{predictor['id']}")).json()


def under(lab, **settings):
    """The same service with other settings."""
    return replace(lab.services, settings=lab.services.settings.model_copy(update=settings))


async def test_two_versions_on_what_neither_has_seen(measured):
    first, second = await fitted(measured), await fitted(measured)
    path = f"/v1/predictors/{first['id']}/comparison/{second['id']}"
    found = (await measured.submitter.get(path)).json()
    assert (found["first"]["number"], found["second"]["number"]) == (1, 2)
    assert found["networks"] == 1  # the test network
    assert found["first_accuracy"] == found["second_accuracy"] == first["tested"]
    assert (found["difference_percent"], found["second_is_nearer"]) == (0, 0)
    [network] = found["differing"]
    assert network["architecture"] in ALL
    assert network["first_interval"]["low_ms"] < network["first_ms"] < network["first_interval"]["high_ms"]


async def test_versions_of_different_things_are_not_compared(measured):
    answer = await measured.submitter.get("/v1/predictors/7/comparison/8")
    assert answer.status_code == 404
    first = await fitted(measured)
    agent = await builder(measured, device="other", offered=(OTHER,))
    await created(measured, OTHER, architectures=3, test=0, repeats=0)
    await measure_all(measured, agent)
    other = await fitted(measured, target=OTHER)
    answer = await measured.submitter.get(f"/v1/predictors/{first['id']}/comparison/{other['id']}")
    assert answer.status_code == 422
    assert "of target" in answer.json()["detail"]


async def test_what_has_moved_is_flagged_and_fitted_anew_once(measured, client_of):
    first = await fitted(measured)
    await watching.watch(measured.services)
    assert (await shown(measured, first))["drift"] is None  # nothing is new
    await measured_anew(measured, factor=2.0)
    await asyncio.gather(*(watching.watch(measured.services) for _ in range(2)))
    drift = (await shown(measured, first))["drift"]
    assert (drift["drifted"], drift["networks"]) == (True, 4)
    assert drift["shift_percent"] > 50
    assert drift["reason"]
    metrics = (await (await client_of("viewer")).get("/metrics")).text
    assert (
        f'edgemeter_predictor_drifted{{project="default",space="tiny",target="{measured.TARGET}"}} 1.0'
        in metrics
    )
    await working.work_off(measured.services)
    versions = (await measured.submitter.get("/v1/predictors")).json()["items"]
    assert [(each["number"], each["active"]) for each in versions] == [(2, True), (1, False)]
    fit = (await measured.submitter.get(f"/v1/fits/{versions[0]['fit_id']}")).json()
    assert (fit["reason"], fit["model"]) == (f"drift: {drift['reason']}", "lut")
    await watching.watch(measured.services)
    await working.work_off(measured.services)
    assert len((await measured.submitter.get("/v1/predictors")).json()["items"]) == 2


async def test_enough_new_measurements_are_a_new_version_where_the_settings_say_so(measured):
    await fitted(measured)
    await measured_anew(measured)
    services = under(measured, refit="new", refit_new=4)
    await watching.watch(services)
    await watching.watch(services)  # what was looked at is no news
    held = await services.database.write(lambda c: queueing.claim(c, services.clock.now_us(c)))
    fit = (await measured.submitter.get(f"/v1/fits/{held.id}")).json()
    assert fit["reason"] == "4 new measurements beside 9"


async def test_a_look_that_comes_too_late_changes_nothing(measured):
    first = await fitted(measured)
    await measured_anew(measured, factor=2.0)
    [(late, _)] = await measured.services.database.read(watching._behind)
    second = await fitted(measured)
    await watching._look(measured.services, late)
    assert (await shown(measured, first))["drift"] is None
    assert (await asked(measured)).status_code == 202  # no fit was begun
    assert (await shown(measured, second))["active"]


async def test_a_worker_that_is_told_to_stop_gives_its_fit_back(measured, monkeypatch):
    fit = (await asked(measured)).json()
    begun = asyncio.Event()

    async def for_ever(*_):
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(working, "apart", for_ever)
        task = asyncio.create_task(working.work_on(measured.services))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await measured.submitter.get(f"/v1/fits/{fit['id']}")).json()["state"] == "waiting"
    await working.work_off(measured.services)
    assert (await measured.submitter.get(f"/v1/fits/{fit['id']}")).json()["state"] == "done"


async def test_a_fit_that_is_renewed_stays_held_and_servers_may_leave_it_to_workers(measured, clock):
    await asked(measured)
    await working.fit_here(under(measured, fit_here=False))
    database = measured.services.database
    held = await database.write(lambda c: queueing.claim(c, clock.now_us(c)))
    clock.advance(queueing.LEASE_S - 1)
    await database.write(lambda c: queueing.renew(c, held, clock.now_us(c)))
    clock.advance(queueing.LEASE_S - 1)
    assert await database.write(lambda c: queueing.claim(c, clock.now_us(c))) is None
