"""What PostgreSQL in particular must do: try again, tell what is unknown, come back after a restart."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import Connection, Table, insert, select, text

from edgemeter_server.clock import DatabaseClock
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.testing import PostgresCluster

_LOSE = text("SELECT pg_terminate_backend(pg_backend_pid())")
_LOSE_AT_COMMIT = """
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER losing AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION lose();
"""


@pytest.fixture
async def database(postgres_url: str, table: Table) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_url, connections=2)
    await opened.write(table.metadata.create_all)
    yield opened
    await opened.close()


def adding(table: Table, number: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute(insert(table).values(id=number, word=str(number)))

    return work


def stored(table: Table) -> Callable[[Connection], set[int]]:
    return lambda connection: set(connection.execute(select(table.c.id)).scalars())


def fail(connection: Connection, state: str) -> None:
    """As the server would: with an error of this SQLSTATE."""
    connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'planned' USING ERRCODE = '{state}'; END $$")


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_unit_is_run_again_after_a_conflict(
    database: PostgresDatabase, table: Table, state: str
) -> None:
    tries = 0

    def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        adding(table, tries)(connection)
        if tries < 3:
            fail(connection, state)

    await database.write(work)
    assert await database.read(stored(table)) == {3}


@pytest.mark.parametrize(
    ("state", "full"), [("40001", False), ("53100", True), ("53300", False), ("55P03", False)]
)
async def test_what_does_not_pass_is_told_as_unavailable(
    database: PostgresDatabase, table: Table, state: str, full: bool
) -> None:
    def work(connection: Connection) -> None:
        adding(table, 1)(connection)
        fail(connection, state)

    with pytest.raises(UnavailableError) as caught:
        await database.write(work)
    assert caught.value.full == full
    assert not caught.value.unknown
    assert await database.read(stored(table)) == set()


async def test_a_unit_whose_connection_is_lost_before_the_commit_is_run_on_another(
    database: PostgresDatabase, table: Table
) -> None:
    tries = 0

    def work(connection: Connection) -> None:
        nonlocal tries
        tries += 1
        adding(table, tries)(connection)
        if tries == 1:
            connection.execute(_LOSE)

    await database.write(work)
    assert await database.read(stored(table)) == {2}


async def test_a_connection_lost_at_the_commit_leaves_it_unknown(
    postgres_cluster: PostgresCluster, postgres_url: str, database: PostgresDatabase, table: Table
) -> None:
    name = postgres_url.split("/")[3].split("?")[0]
    postgres_cluster.sql(_LOSE_AT_COMMIT, name)
    with pytest.raises(UnavailableError) as caught:
        await database.write(adding(table, 1))
    assert caught.value.unknown


async def test_cancelled_callers_cost_no_connection(database: PostgresDatabase, table: Table) -> None:
    for number in range(20):
        caller = asyncio.create_task(database.write(adding(table, number)))
        await asyncio.sleep(0)
        caller.cancel()
    await database.write(adding(table, 100))
    await database.write(adding(table, 101))
    assert {100, 101} <= await database.read(stored(table))


async def test_it_comes_back_after_a_crash_of_postgresql(table: Table) -> None:
    cluster = PostgresCluster()
    database = PostgresDatabase(cluster.url("postgres"))
    try:
        await database.write(table.metadata.create_all)
        await database.write(adding(table, 1))
        cluster.stop(signal.SIGQUIT)
        with pytest.raises(UnavailableError):
            await database.write(adding(table, 2))
        with pytest.raises(UnavailableError):
            await database.read(stored(table))
        cluster.start()
        await database.write(adding(table, 3))
        assert await database.read(stored(table)) == {1, 3}
    finally:
        await database.close()
        cluster.close()


async def test_a_wrong_address_is_told_without_a_trace() -> None:
    database = PostgresDatabase("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(UnavailableError) as caught:
        await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one())
    assert "secret" not in str(caught.value)
    await database.close()


async def test_the_clock_is_the_databases_and_asks_it_now_and_then(database: PostgresDatabase) -> None:
    counted_us = 0
    clock = DatabaseClock(lambda: counted_us)

    async def now_us() -> int:
        return await database.read(clock.now_us)

    async def really_us() -> int:
        read = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return await database.read(lambda connection: int(connection.execute(read).scalar_one()))

    before_us, first_us, after_us = await really_us(), await now_us(), await really_us()
    assert before_us <= first_us <= after_us
    counted_us = 4_000_000
    assert await now_us() == first_us + 4_000_000
    counted_us = 6_000_000
    before_us, asked_us, after_us = await really_us(), await now_us(), await really_us()
    assert before_us <= asked_us <= after_us
