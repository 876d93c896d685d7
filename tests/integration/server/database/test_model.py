"""Random sequences of units, some of which fail, against a dictionary that knows what should be kept."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from edgemeter_server.database.base import Database
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.sqlite import SqliteDatabase


class PlannedError(Exception):
    pass


@dataclass(frozen=True)
class Step:
    kind: Literal["insert", "update", "delete"]
    id: int
    word: str


@dataclass(frozen=True)
class Planned:
    """A unit of some steps, which may raise at the end."""

    steps: tuple[Step, ...]
    raises: bool


_STEPS = st.builds(
    Step, st.sampled_from(["insert", "update", "delete"]), st.integers(0, 5), st.sampled_from("abc")
)
_UNITS = st.builds(Planned, st.lists(_STEPS, max_size=4).map(tuple), st.booleans())
#: Units of one group are handed in at once; the next group comes when all of them are answered.
_GROUPS = st.lists(st.lists(_UNITS, min_size=1, max_size=6), max_size=6)


def work_of(unit: Planned, table: Table) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        for step in unit.steps:
            row = table.c.id == step.id
            match step.kind:
                case "insert":
                    connection.execute(insert(table).values(id=step.id, word=step.word))
                case "update":
                    connection.execute(update(table).where(row).values(word=step.word))
                case "delete":
                    connection.execute(delete(table).where(row))
        if unit.raises:
            raise PlannedError
        return len(unit.steps)

    return work


def expected(kept: dict[int, str], unit: Planned) -> tuple[dict[int, str], type[Exception] | int]:
    """The rows after the unit and its outcome: all of it or nothing. Words are unique."""
    rows = dict(kept)
    for step in unit.steps:
        taken = step.word in {word for number, word in rows.items() if number != step.id}
        if step.kind == "insert":
            if taken or step.id in rows:
                return kept, IntegrityError
            rows[step.id] = step.word
        elif step.kind == "update" and step.id in rows:
            if taken:
                return kept, IntegrityError
            rows[step.id] = step.word
        elif step.kind == "delete":
            rows.pop(step.id, None)
    return (kept, PlannedError) if unit.raises else (rows, len(unit.steps))


async def outcome(database: Database, unit: Planned, table: Table) -> type[Exception] | int:
    try:
        return await database.write(work_of(unit, table))
    except (PlannedError, IntegrityError) as error:
        return type(error)


async def check(
    database: Database, table: Table, groups: Sequence[Sequence[Planned]], together: bool
) -> None:
    def rows(connection: Connection) -> dict[int, str]:
        return {row.id: row.word for row in connection.execute(select(table))}

    await database.write(table.metadata.create_all)
    await database.write(lambda connection: connection.execute(text("DELETE FROM things")).close())
    kept: dict[int, str] = {}
    try:
        for group in groups:
            answers = [outcome(database, unit, table) for unit in group]
            told = await asyncio.gather(*answers) if together else [await answer for answer in answers]
            for unit, answer in zip(group, told, strict=True):
                kept, should = expected(kept, unit)
                assert answer == should
            assert await database.read(rows) == kept
    finally:
        await database.close()


_SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_SETTINGS
@given(groups=_GROUPS)
def test_sqlite_keeps_what_the_model_keeps_when_units_share_commits(
    table: Table, tmp_path: Path, groups: list[list[Planned]]
) -> None:
    async def run() -> None:
        await check(SqliteDatabase(tmp_path / "model.db"), table, groups, together=True)

    asyncio.run(run())


@_SETTINGS
@given(groups=_GROUPS)
def test_the_inline_database_keeps_what_the_model_keeps(table: Table, groups: list[list[Planned]]) -> None:
    async def run() -> None:
        await check(InlineDatabase(), table, groups, together=True)

    asyncio.run(run())


@settings(_SETTINGS, max_examples=20)
@given(groups=_GROUPS)
def test_postgresql_keeps_what_the_model_keeps(
    table: Table, emptied_postgres_url: str, groups: list[list[Planned]]
) -> None:
    async def run() -> None:
        await check(PostgresDatabase(emptied_postgres_url), table, groups, together=False)

    asyncio.run(run())
