"""What SQLite in particular must do: share commits, tell of them when they are durable, outlive kill -9."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, select, text

from edgemeter_server.database.base import UnavailableError
from edgemeter_server.database.folder_lock import FolderInUseError, FolderLock
from edgemeter_server.database.sqlite import SqliteDatabase
from edgemeter_server.database.sqlite_connection import SqliteConnection, open_writer
from edgemeter_server.database.sqlite_writer import MOST_UNITS, SqliteWriter
from edgemeter_server.database.units import Unit


class Gate:
    """A unit of work, or a commit, that stops until the test lets it go on."""

    def __init__(self) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self._reached.set()
        assert self._opened.wait(60)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, 60)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
async def database(tmp_path: Path, table: Table) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / "some.db")
    await opened.write(table.metadata.create_all)
    yield opened
    await opened.close()


def adding(table: Table, number: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute(insert(table).values(id=number, word=str(number)))

    return work


def stored(table: Table) -> Callable[[Connection], set[int]]:
    return lambda connection: set(connection.execute(select(table.c.id)).scalars())


async def stopped_writer(database: SqliteDatabase) -> tuple[Gate, "asyncio.Task[None]"]:
    """The writing thread stands in the middle of a unit of work."""
    gate = Gate()
    task = asyncio.create_task(database.write(lambda _: gate.pass_through()))
    await gate.reached()
    return gate, task


async def test_units_that_wait_together_share_a_commit(database: SqliteDatabase, table: Table) -> None:
    gate, first = await stopped_writer(database)
    before = database.commits
    writes = [asyncio.create_task(database.write(adding(table, number))) for number in range(50)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(first, *writes)
    assert database.commits - before < 50
    assert await database.read(stored(table)) == set(range(50))


async def test_one_commit_does_not_take_in_units_without_end(database: SqliteDatabase, table: Table) -> None:
    gate, first = await stopped_writer(database)
    before = database.commits
    writes = [asyncio.create_task(database.write(adding(table, number))) for number in range(2 * MOST_UNITS)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(first, *writes)
    assert database.commits - before >= 3


async def test_reads_go_on_while_a_write_is_under_way(database: SqliteDatabase, table: Table) -> None:
    gate, first = await stopped_writer(database)
    assert await database.read(stored(table)) == set()
    gate.open()
    await first


async def test_a_unit_whose_caller_gave_up_before_it_began_is_left_out(
    database: SqliteDatabase, table: Table
) -> None:
    gate, first = await stopped_writer(database)
    write = asyncio.create_task(database.write(adding(table, 1)))
    await asyncio.sleep(0)
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    gate.open()
    await first
    assert await database.read(stored(table)) == set()


async def test_nothing_is_told_before_the_commit_is_done(tmp_path: Path, table: Table) -> None:
    gate = Gate()

    class Slow(SqliteConnection):
        def commit(self) -> None:
            gate.pass_through()
            super().commit()

    connection = open_writer(tmp_path / "some.db")
    connection.begin()
    connection.attempt(table.metadata.create_all)
    connection.commit()
    connection.__class__ = Slow
    writer = SqliteWriter(connection)
    unit = Unit(adding(table, 1), asyncio.get_running_loop().create_future())
    writer.put(unit)
    await gate.reached()
    await asyncio.sleep(0)
    assert not unit.future.done()
    gate.open()
    await unit.future
    writer.finish()


async def test_commits_are_synchronous_and_readers_cannot_write(database: SqliteDatabase) -> None:
    def pragma(name: str) -> Callable[[Connection], object]:
        return lambda connection: connection.execute(text(f"PRAGMA {name}")).scalar_one()

    assert await database.write(pragma("synchronous")) == 2  # FULL: each commit of the WAL is synced
    assert await database.write(pragma("journal_mode")) == "wal"
    assert await database.write(pragma("foreign_keys")) == 1
    assert await database.read(pragma("query_only")) == 1


async def test_a_full_disk_is_told_as_such_and_forgotten_when_there_is_room_again(
    database: SqliteDatabase, table: Table
) -> None:
    def limit(pages: int) -> Callable[[Connection], None]:
        return lambda connection: connection.execute(text(f"PRAGMA max_page_count={pages}")).close()

    def add_much(connection: Connection) -> None:
        for number in range(1000, 2000):
            connection.execute(insert(table).values(id=number, word=f"{number}" * 500))

    await database.write(adding(table, 1))
    await database.write(limit(20))
    with pytest.raises(UnavailableError) as caught:
        await database.write(add_much)
    assert caught.value.full
    assert not caught.value.unknown
    await database.write(limit(1_000_000))
    await database.write(adding(table, 2))
    assert await database.read(stored(table)) == {1, 2}


async def test_units_that_lose_their_commit_to_a_full_disk_all_hear_of_it(
    database: SqliteDatabase, table: Table
) -> None:
    def lose(connection: Connection) -> None:
        # What SQLite does by itself after some errors, a full disk among them.
        connection.connection.driver_connection.execute("ROLLBACK")
        raise UnavailableError("the database's disk is full", full=True)

    gate, first = await stopped_writer(database)
    writes = [asyncio.create_task(database.write(adding(table, number))) for number in range(3)]
    await asyncio.sleep(0)
    losing = asyncio.create_task(database.write(lose))
    await asyncio.sleep(0)
    gate.open()
    outcomes = await asyncio.gather(first, *writes, losing, return_exceptions=True)
    kept = await database.read(stored(table))
    for number, outcome in enumerate(outcomes[1:4]):
        assert (outcome is None) == (number in kept)
    assert isinstance(outcomes[4], UnavailableError)
    await database.write(adding(table, 100))


def test_a_second_server_on_the_same_folder_is_sent_to_postgresql(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "data"), pytest.raises(FolderInUseError, match="PostgreSQL"):
        FolderLock(tmp_path / "data")
    FolderLock(tmp_path / "data").close()


_CHILD = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import text
from edgemeter_server.database.sqlite import SqliteDatabase

async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    create = text("CREATE TABLE acknowledged (id INTEGER PRIMARY KEY)")
    await database.write(lambda c: c.execute(create).close())
    async def write(start):
        for number in range(start, 1_000_000, 8):
            add = text("INSERT INTO acknowledged VALUES (:id)").bindparams(id=number)
            await database.write(lambda c: c.execute(add).close())
            print(number, flush=True)
    await asyncio.gather(*(write(start) for start in range(8)))

asyncio.run(main())
"""


async def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = {int(child.stdout.readline()) for _ in range(300)}
    child.send_signal(signal.SIGKILL)
    acknowledged |= {int(line) for line in child.stdout if line.endswith("\n")}
    child.stdout.close()
    child.wait()
    database = SqliteDatabase(path)
    kept = await database.read(lambda c: set(c.execute(text("SELECT id FROM acknowledged")).scalars()))
    integrity = await database.read(lambda c: c.execute(text("PRAGMA integrity_check")).scalar_one())
    await database.close()
    assert acknowledged <= kept
    assert integrity == "ok"
