"""What a migration of a later release may do: rebuild a table that others refer to, and fail half way."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

import edgemeter_migrations
from edgemeter_server.database import schema
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.database.schema import SchemaState
from edgemeter_server.database.upgrading import (
    state_of_postgres,
    state_of_sqlite,
    upgrade_postgres,
    upgrade_sqlite,
)
from edgemeter_server.testing import PostgresCluster

_REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("devices") as devices:
        devices.alter_column("name", type_=sa.String(400))
        devices.add_column(sa.Column("room", sa.String(80)))
    {then}
"""


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The migrations with one more; the test fills it in."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(edgemeter_migrations.__path__[0]), folder)
    monkeypatch.setattr(schema, "MIGRATIONS", str(folder))
    schema._scripts.cache_clear()
    yield folder / "versions" / "9000_rooms.py"
    schema._scripts.cache_clear()


def fill(file: Path, then: str = "") -> None:
    file.write_text(_REBUILD.format(head=newest_release(file), then=then))
    schema._scripts.cache_clear()


def newest_release(file: Path) -> str:
    return max(path.name for path in file.parent.glob("0*.py"))[:4]


@pytest.fixture
def populated(sqlite_path: Path) -> Path:
    release = max((Path(__file__).parents[3] / "data" / "releases").glob("*.sqlite.sql"))
    sqlite_path.unlink()
    with closing(sqlite3.connect(sqlite_path)) as database:
        database.executescript(release.read_text())
    return sqlite_path


def counts(connection: Connection) -> tuple[int, ...]:
    tables = ("devices", "agent_sessions", "attempts", "measurements")
    return tuple(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables)  # noqa: S608


async def counted(path: Path) -> tuple[int, ...]:
    database = InlineDatabase(path)
    try:
        return await database.read(counts)
    finally:
        await database.close()


async def test_a_rebuilt_table_keeps_what_refers_to_it(later: Path, populated: Path) -> None:
    before = await counted(populated)
    assert 0 not in before
    fill(later)
    assert state_of_sqlite(populated) is SchemaState.BEHIND
    done = upgrade_sqlite(populated)
    assert state_of_sqlite(populated) is SchemaState.CURRENT
    assert await counted(populated) == before
    assert done.copy is not None
    assert await counted(done.copy) == before


async def test_a_migration_that_fails_half_way_leaves_everything_as_it_was(
    later: Path, populated: Path
) -> None:
    before = await counted(populated)
    fill(later, then="raise RuntimeError('planned')")
    with pytest.raises(RuntimeError, match="planned"):
        upgrade_sqlite(populated)
    assert state_of_sqlite(populated) is SchemaState.BEHIND
    assert await counted(populated) == before
    fill(later)
    upgrade_sqlite(populated)
    assert await counted(populated) == before


async def test_the_same_on_postgresql(
    later: Path, postgres_cluster: PostgresCluster, postgres_url: str
) -> None:
    fill(later, then="raise RuntimeError('planned')")
    with pytest.raises(RuntimeError, match="planned"):
        await upgrade_postgres(postgres_url)
    assert await state_of_postgres(postgres_url) is SchemaState.BEHIND
    fill(later)
    await upgrade_postgres(postgres_url)
    assert await state_of_postgres(postgres_url) is SchemaState.CURRENT
