"""Wake-ups from one server process to another, by way of PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from edgemeter_server.database.notifications import PostgresWakeups
from edgemeter_server.database.wakeups import LocalWakeups
from edgemeter_server.testing import PostgresCluster


@pytest.fixture
async def pair(postgres_url: str) -> AsyncIterator[tuple[PostgresWakeups, PostgresWakeups]]:
    here, there = PostgresWakeups(postgres_url), PostgresWakeups(postgres_url)
    await asyncio.gather(here.listening.wait(), there.listening.wait())
    yield here, there
    await here.close()
    await there.close()


async def test_a_wake_up_reaches_this_process_and_the_others(
    pair: tuple[PostgresWakeups, PostgresWakeups],
) -> None:
    here, there = pair
    async with here.listen(["job:1"]) as own, there.listen(["job:1", "job:2"]) as others:
        await here.publish(["job:1"])
        assert own.is_set()
        await others.wait()


async def test_nobody_is_woken_by_another_topic(pair: tuple[PostgresWakeups, PostgresWakeups]) -> None:
    here, there = pair
    async with there.listen(["job:1"]) as quiet, there.listen(["job:2"]) as woken:
        await here.publish(["job:2"])
        await woken.wait()
        assert not quiet.is_set()


async def test_more_topics_than_one_notification_holds_all_arrive(
    pair: tuple[PostgresWakeups, PostgresWakeups],
) -> None:
    here, there = pair
    topics = [f"session:{number}" for number in range(3000)]
    async with there.listen(topics[:1]) as first, there.listen(topics[-1:]) as last:
        await here.publish(topics)
        await first.wait()
        await last.wait()


async def test_a_lost_connection_is_made_anew(
    pair: tuple[PostgresWakeups, PostgresWakeups], postgres_cluster: PostgresCluster
) -> None:
    here, there = pair
    postgres_cluster.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    async with there.listen(["job:1"]) as event:
        while not event.is_set():
            await here.publish(["job:1"])
            try:
                async with asyncio.timeout(0.2):
                    await event.wait()
            except TimeoutError:
                continue


async def test_the_end_wakes_everyone_once_and_for_all() -> None:
    wakeups = LocalWakeups()
    async with wakeups.listen(["job:1"]) as event:
        wakeups.end()
        assert event.is_set()
    assert wakeups.ended
    async with wakeups.listen(["job:2"]) as late:
        assert late.is_set()
