"""Every implementation of the contract, over a small table of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

from edgemeter_server.database.base import Database
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.sqlite import SqliteDatabase

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("word", String, nullable=False, unique=True),
)


@pytest.fixture(scope="session")
def table() -> Table:
    return things


@pytest.fixture(params=["sqlite", "inline", "inline-file", "postgresql"])
def open_contract(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same database each time, but for the one in memory."""
    match request.param:
        case "sqlite":
            return lambda: SqliteDatabase(tmp_path / "contract.db")
        case "inline":
            return InlineDatabase
        case "inline-file":
            return lambda: InlineDatabase(tmp_path / "contract.db")
    url: str = request.getfixturevalue("emptied_postgres_url")
    return lambda: PostgresDatabase(url)


@pytest.fixture
async def contract(open_contract: Callable[[], Database]) -> AsyncIterator[Database]:
    """A database with an empty `things`."""
    database = open_contract()
    await database.write(metadata.create_all)
    yield database
    await database.close()
