"""What every `Database` promises, on each implementation."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from edgemeter_server.database.among import among
from edgemeter_server.database.base import Database, UnavailableError


class PlannedError(Exception):
    """Raised by a unit of work on purpose."""


async def ids(database: Database, table: Table) -> list[int]:
    return await database.read(
        lambda connection: list(connection.execute(select(table.c.id).order_by(table.c.id)).scalars())
    )


def adding(table: Table, number: int, word: str | None = None) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(insert(table).values(id=number, word=word or f"word {number}"))
        return number

    return work


async def test_a_write_returns_what_its_work_returned_and_is_read_by_the_next(
    contract: Database, table: Table
) -> None:
    assert await contract.write(adding(table, 7)) == 7
    assert await ids(contract, table) == [7]


async def test_a_write_outlives_the_database_that_took_it(
    open_contract: Callable[[], Database], contract: Database, table: Table, request: pytest.FixtureRequest
) -> None:
    if "inline]" in request.node.name:
        pytest.skip("lives in memory only")
    await contract.write(adding(table, 1))
    await contract.close()
    again = open_contract()
    assert await ids(again, table) == [1]
    await again.close()


async def test_nothing_is_kept_of_a_unit_that_raises(contract: Database, table: Table) -> None:
    def work(connection: Connection) -> None:
        adding(table, 1)(connection)
        raise PlannedError

    with pytest.raises(PlannedError):
        await contract.write(work)
    assert await ids(contract, table) == []


async def test_units_beside_one_that_fails_are_not_affected(contract: Database, table: Table) -> None:
    await contract.write(adding(table, 50))

    async def attempt(number: int) -> object:
        try:
            return await contract.write(adding(table, number, "same" if number % 5 == 0 else None))
        except IntegrityError as error:
            return error

    outcomes = await asyncio.gather(*(attempt(number) for number in range(40)))
    kept = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert sum(number % 5 == 0 for number in kept) == 1
    assert len(kept) == 33
    assert await ids(contract, table) == sorted([*kept, 50])


async def test_a_unit_may_catch_an_error_inside_a_savepoint(contract: Database, table: Table) -> None:
    def work(connection: Connection) -> None:
        adding(table, 1)(connection)
        with pytest.raises(IntegrityError), connection.begin_nested():
            adding(table, 1)(connection)
        adding(table, 2)(connection)

    await contract.write(work)
    assert await ids(contract, table) == [1, 2]


async def test_a_read_cannot_write(contract: Database, table: Table) -> None:
    with pytest.raises(DBAPIError):
        await contract.read(adding(table, 1))
    assert await ids(contract, table) == []
    await contract.write(adding(table, 1))
    assert await ids(contract, table) == [1]


async def test_a_read_that_raises_leaves_the_database_usable(contract: Database, table: Table) -> None:
    def work(connection: Connection) -> None:
        connection.execute(select(table)).all()
        raise PlannedError

    for _ in range(20):
        with pytest.raises(PlannedError):
            await contract.read(work)
    assert await ids(contract, table) == []


async def test_many_reads_and_writes_at_once_lose_nothing(contract: Database, table: Table) -> None:
    async def add_and_look(number: int) -> None:
        await contract.write(adding(table, number))
        assert number in await ids(contract, table)

    await asyncio.gather(*(add_and_look(number) for number in range(60)))
    assert await ids(contract, table) == list(range(60))


async def test_a_read_sees_one_snapshot(contract: Database, table: Table) -> None:
    """Writers that add rows in pairs are never seen half way by a reader that looks twice."""

    def add_pair(number: int) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            adding(table, 2 * number)(connection)
            adding(table, 2 * number + 1)(connection)

        return work

    def look_twice(connection: Connection) -> tuple[int, int]:
        count = select(func.count()).select_from(table)
        return connection.execute(count).scalar_one(), connection.execute(count).scalar_one()

    looks = [contract.read(look_twice) for _ in range(30)]
    writes = [contract.write(add_pair(number)) for number in range(30)]
    seen = (await asyncio.gather(*looks, *writes))[:30]
    for pair in seen:
        assert pair is not None
        assert pair[0] == pair[1]
        assert pair[0] % 2 == 0


async def test_a_cancelled_caller_disturbs_nobody(contract: Database, table: Table) -> None:
    callers = [asyncio.create_task(contract.write(adding(table, number))) for number in range(30)]
    await asyncio.sleep(0)
    for caller in callers[::3]:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    kept = await ids(contract, table)
    assert set(kept) >= {number for number in range(30) if number % 3 != 0}
    await contract.write(adding(table, 100))


async def test_closing_finishes_what_was_begun_and_refuses_what_comes_later(
    contract: Database, table: Table
) -> None:
    writes = [asyncio.create_task(contract.write(adding(table, number))) for number in range(20)]
    await asyncio.sleep(0)
    await contract.close()
    assert await asyncio.gather(*writes) == list(range(20))
    with pytest.raises(UnavailableError):
        await contract.write(adding(table, 99))
    with pytest.raises(UnavailableError):
        await ids(contract, table)
    await contract.close()


async def test_its_size_is_told(contract: Database, table: Table) -> None:
    await contract.write(adding(table, 1))
    assert await contract.size_bytes() >= 4096


async def test_an_error_of_the_unit_itself_passes_as_it_is(contract: Database, table: Table) -> None:
    await contract.write(adding(table, 1))
    with pytest.raises(IntegrityError):
        await contract.write(adding(table, 1))


@pytest.mark.parametrize("wanted", [[], [2], [3, 1, 99], list(range(500))])
async def test_a_column_is_found_among_any_number_of_ids(
    contract: Database, table: Table, wanted: list[int]
) -> None:
    for number in (1, 2, 3):
        await contract.write(adding(table, number))
    some = select(table.c.id).where(among(table.c.id, "wanted")).order_by(table.c.id)
    found = await contract.read(
        lambda connection: connection.execute(some, {"wanted": wanted}).scalars().all()
    )
    assert list(found) == [number for number in (1, 2, 3) if number in wanted]
