"""Features are there soon, or later, and never in anybody's way."""

import asyncio
import threading

import pytest
from sqlalchemy import select

from edgemeter.failures import FailureError, FailureKind
from edgemeter_server.artifacts import features
from edgemeter_server.artifacts.tables import artifacts

on_sqlite = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


@pytest.fixture
def unreadable(monkeypatch):
    """Reading fails in the given way, until it is taken back."""

    def fail(error):
        def look(_):
            raise error

        monkeypatch.setattr(features, "reading_in_child", look)

    return fail


async def shown(client, address):
    document = (await client.get(address)).json()
    return document["features"], document["refused"]


async def test_what_was_not_computed_is_taken_up_again(
    submitter, upload, another, address_of, services, unreadable, monkeypatch
):
    """As after a restart: the files are stored, and their features are not."""
    unreadable(OSError("no more processes"))
    for number in range(3):
        reply = await upload(submitter, another(number))
        assert (reply.status_code, reply.json()["features"], reply.json()["refused"]) == (201, None, None)
    await features.work_off(services)
    assert await shown(submitter, address_of(another(0))) == (None, None)

    monkeypatch.undo()
    await features.work_off(services)

    for number in range(3):
        found, refused = await shown(submitter, address_of(another(number)))
        assert (found["operator_types"], refused) == ({"Add": 1}, None)


@on_sqlite
async def test_one_file_that_cannot_be_read_now_keeps_no_other_waiting(
    submitter, upload, another, address_of, services, unreadable, monkeypatch
):
    unreadable(FailureError.of(FailureKind.INTERNAL, "no child could be started"))
    first, second = another(1), another(2)
    lost = (await upload(submitter, first)).json()
    await upload(submitter, second)
    monkeypatch.undo()
    await services.storage.delete(lost["sha256"])

    await features.work_off(services)

    assert await shown(submitter, address_of(first)) == (None, None)
    assert (await shown(submitter, address_of(second)))[0] is not None


@on_sqlite
@pytest.mark.parametrize("kind", [FailureKind.MALFORMED, FailureKind.TIMEOUT, FailureKind.RUNTIME_ERROR])
async def test_a_file_that_is_refused_is_not_read_again(
    submitter, upload, network, address_of, services, unreadable, monkeypatch, kind
):
    unreadable(FailureError.of(kind, "it is too strange"))

    reply = await upload(submitter, network)

    assert (reply.status_code, reply.json()["refused"]) == (201, "it is too strange")
    monkeypatch.undo()
    await features.work_off(services)
    assert await shown(submitter, address_of(network)) == (None, "it is too strange")


@on_sqlite
async def test_a_busy_server_keeps_no_upload_waiting(
    submitter, upload, network, address_of, services, monkeypatch
):
    """Both places where files are looked at are taken for a while."""
    free = threading.Event()
    monkeypatch.setattr(features, "_PATIENCE_S", 0.01)
    monkeypatch.setattr(features, "reading_in_child", lambda _: free.wait(30))

    reply = await upload(submitter, network)

    assert (reply.status_code, reply.json()["features"]) == (201, None)
    free.set()
    monkeypatch.undo()
    await features.work_off(services)
    assert (await shown(submitter, address_of(network)))[0] is not None


@on_sqlite
async def test_features_are_computed_once(submitter, upload, network, services, unreadable):
    first = await upload(submitter, network)
    unreadable(AssertionError("read again"))

    await features.work_off(services)
    again = await upload(submitter, network)

    assert again.json()["features"] == first.json()["features"] is not None


async def test_looking_for_work_needs_no_scan(services):

    query = (
        select(artifacts.c.id).where(*features._UNREAD, artifacts.c.id > 0).order_by(artifacts.c.id).limit(1)
    )

    def plan(connection):
        if services.database.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        explain = "EXPLAIN " if services.database.dialect == "postgresql" else "EXPLAIN QUERY PLAN "
        text = query.compile(connection, compile_kwargs={"literal_binds": True})
        return str(connection.exec_driver_sql(explain + str(text)).all())

    assert "ix_artifacts_unread" in await services.database.read(plan)


async def test_work_is_not_done_twice_at_once(submitter, upload, network, services, unreadable, monkeypatch):
    """Two servers may both look for work; the result is the same."""
    unreadable(OSError("busy"))
    await upload(submitter, network)
    monkeypatch.undo()

    await asyncio.gather(features.work_off(services), features.work_off(services))

    assert (await upload(submitter, network)).json()["features"] is not None
