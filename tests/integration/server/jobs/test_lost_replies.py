"""Whatever fails on the way, before the commit or after it: sending the same again makes it right, once."""

import uuid

import pytest
from sqlalchemy import func, select

from edgemeter_server import faults
from edgemeter_server.jobs.sweeping import sweep
from edgemeter_server.jobs.tables import attempts, jobs, requests
from edgemeter_server.measurements.tables import measurements

STEPS = ("begin", "written", "committed", "reply")


class CrashError(Exception):
    """The process ends here."""


def crash_once_at(name):
    def hook(point):
        if point == name:
            faults.install(None)
            raise CrashError

    faults.install(hook)


async def count(services, table):
    counted = select(func.count()).select_from(table)
    return await services.database.read(lambda connection: connection.execute(counted).scalar_one())


@pytest.mark.parametrize("step", STEPS)
async def test_every_call_is_safe_to_repeat(lab, services, step):
    agent = await lab.agent()
    [network] = await lab.networks(1)
    key = {"Idempotency-Key": "once"}

    crash_once_at(f"request.{step}")
    assert (await lab.submit(lab.item(network), **key)).status_code == 500
    assert await count(services, requests) == (step in ("committed", "reply"))
    assert (await lab.submit(lab.item(network), **key)).status_code == 201
    assert await count(services, requests) == await count(services, jobs) == 1

    name = str(uuid.uuid4())
    crash_once_at(f"claim.{step}")
    with pytest.raises(AssertionError):
        await agent.claim(claim_id=name)
    assert await count(services, attempts) == (step in ("committed", "reply"))
    [lease] = await agent.claim(claim_id=name)
    assert await count(services, attempts) == 1

    crash_once_at(f"renew.{step}")
    assert (await agent.renew([lease])).status_code == 500
    assert await agent.renewed([lease]) == ["renewed"]

    crash_once_at(f"report.{step}")
    with pytest.raises(AssertionError):
        await agent.report((lease, lab.measured(lease)))
    assert await count(services, measurements) == (step in ("committed", "reply"))
    [receipt] = await agent.report((lease, lab.measured(lease)))
    assert receipt["state"] == "accepted"
    assert await count(services, measurements) == 1


async def test_an_expiry_that_was_not_committed_is_made_again(lab, services, clock):
    agent = await lab.agent()
    await lab.requested(*map(lab.item, await lab.networks(3)))
    leases = await agent.claim(up_to=3)
    clock.advance(services.settings.lease_s)
    crash_once_at("sweep.written")
    with pytest.raises(CrashError):
        await sweep(services)
    assert len(await agent.report(*((lease, lab.measured(lease)) for lease in leases[:1]))) == 1
    await sweep(services)
    await sweep(services)
    states = [(await lab.job(lease["job_id"]))["state"] for lease in leases]
    assert states == ["done", "pending", "pending"]
