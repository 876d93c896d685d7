"""Bytes that nobody needs go, a day later; bytes that somebody needs never do."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from edgemeter_server import faults
from edgemeter_server.artifacts.collection import collect
from edgemeter_server.artifacts.ownership import GRACE_US
from edgemeter_server.artifacts.storage import StorageUnavailableError
from edgemeter_server.artifacts.tables import artifacts
from edgemeter_server.jobs.tables import jobs

DAY_S = GRACE_US / 1e6 + 1


@pytest.fixture
async def unowned(submitter, upload, network, address_of):
    """The digest of a file that its only project has given up."""
    document = (await upload(submitter, network)).json()
    assert (await submitter.delete(address_of(network))).status_code == 204
    return document["sha256"]


async def state(services):
    return await services.database.read(lambda c: c.execute(select(artifacts.c.state)).scalar())


async def test_after_a_day_what_nobody_owns_is_removed(services, unowned, clock, submitter, upload, network):
    assert await collect(services) == 0
    clock.advance(DAY_S)

    assert await collect(services) == 1

    assert await state(services) == "removed"
    assert not await services.storage.exists(unowned)
    assert await collect(services) == 0


async def test_what_was_removed_may_come_again(
    services, unowned, clock, submitter, upload, network, address_of
):
    clock.advance(DAY_S)
    await collect(services)

    assert (await upload(submitter, network)).status_code == 201

    assert (await submitter.get(address_of(network, "/content"))).content == network
    clock.advance(DAY_S)
    assert await collect(services) == 0


async def test_what_somebody_owns_stays(services, clock, submitter, upload, network):
    await upload(submitter, network)
    clock.advance(100 * DAY_S)

    assert await collect(services) == 0


async def test_what_a_job_needs_stays(services, clock, submitter, upload, network, lab, address_of):
    document = (await upload(submitter, network)).json()
    job = await lab.job(document["sha256"], requested=False)
    assert (await submitter.delete(address_of(network))).status_code == 204
    clock.advance(DAY_S)

    assert await collect(services) == 0
    await lab.hold(job)
    assert await collect(services) == 0
    await lab.set(jobs, job, state="done")
    assert await collect(services) == 1


@pytest.mark.parametrize("at", ["upload.announced", "upload.stored"])
async def test_what_a_killed_server_left_of_an_upload_is_removed(
    services, clock, submitter, upload, network, at
):
    class CrashError(BaseException):
        pass

    def crash(point):
        if point == at:
            raise CrashError

    faults.install(crash)
    try:
        with pytest.raises(CrashError):
            await upload(submitter, network)
    finally:
        faults.install(None)
    clock.advance(DAY_S)

    assert await collect(services) == 1
    assert [name async for name in services.storage.names()] == []


async def test_an_upload_of_what_is_being_removed_is_told_to_come_again(
    services, unowned, clock, submitter, upload, network
):
    """Whenever it comes in between, what is owned in the end is there in the end."""
    clock.advance(DAY_S)
    reached, go_on = asyncio.Event(), asyncio.Event()
    storage = _Held(services.storage, reached, go_on)
    collecting = asyncio.create_task(collect(replace(services, storage=storage)))
    await reached.wait()

    refused = await upload(submitter, network)
    go_on.set()
    await collecting

    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert not await services.storage.exists(unowned)
    assert (await upload(submitter, network)).status_code == 201
    assert await services.storage.exists(unowned)


class _Held:
    """A storage whose delete waits."""

    def __init__(self, storage, reached, go_on):
        self._storage, self._reached, self._go_on = storage, reached, go_on

    async def delete(self, sha256):
        self._reached.set()
        await self._go_on.wait()
        await self._storage.delete(sha256)


async def test_an_upload_just_before_saves_the_file(services, unowned, clock, submitter, upload, network):
    """Announced, but not owned yet, when the collection looks."""
    clock.advance(DAY_S)
    collected = []

    def collect_now(point):
        if point == "upload.stored":
            collected.append(asyncio.ensure_future(collect(services)))

    faults.install(collect_now)
    try:
        assert (await upload(submitter, network)).status_code == 201
    finally:
        faults.install(None)

    assert await asyncio.gather(*collected) == [0]
    assert await services.storage.exists(unowned)


async def test_an_upload_that_took_a_day_is_sent_again(services, clock, submitter, upload, network):
    """By then its bytes may have been collected: it is not believed that they are there."""

    def sleep(point):
        if point == "upload.stored":
            clock.advance(DAY_S)

    faults.install(sleep)
    try:
        refused = await upload(submitter, network)
    finally:
        faults.install(None)

    assert refused.status_code == 503
    assert await collect(services) == 1
    assert (await upload(submitter, network)).status_code == 201


@pytest.mark.parametrize("at", ["collection.marked", "collection.deleted"])
async def test_a_collection_cut_off_is_ended_by_the_next(
    services, unowned, clock, submitter, upload, network, at
):
    class CrashError(BaseException):
        pass

    def crash(point):
        if point == at:
            raise CrashError

    clock.advance(DAY_S)
    faults.install(crash)
    try:
        with pytest.raises(CrashError):
            await collect(services)
    finally:
        faults.install(None)
    assert await collect(services) == 0  # it may still be at it
    assert (await upload(submitter, network)).status_code == 503

    clock.advance(601)
    assert await collect(services) == 1

    assert not await services.storage.exists(unowned)
    assert (await upload(submitter, network)).status_code == 201


async def test_a_storage_that_is_away_is_tried_again(services, unowned, clock):
    class Away:
        async def delete(self, _):
            raise StorageUnavailableError("away")

    clock.advance(DAY_S)
    assert await collect(replace(services, storage=Away())) == 0

    clock.advance(601)
    assert await collect(services) == 1


async def test_two_collections_at_once_remove_each_file_once(
    services, clock, submitter, upload, another, address_of
):
    for number in range(6):
        await upload(submitter, another(number))
        await submitter.delete(address_of(another(number)))
    clock.advance(DAY_S)

    assert sum(await asyncio.gather(collect(services), collect(services))) == 6
    assert [name async for name in services.storage.names()] == []
