"""From nothing, from every release, and from what is none of ours, to the schema of this version."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from edgemeter_server.database import opening
from edgemeter_server.database.folder_lock import FolderInUseError, FolderLock
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.database.installation import epoch
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.schema import SchemaError, SchemaState, head
from edgemeter_server.database.upgrading import (
    state_of_postgres,
    state_of_sqlite,
    upgrade_postgres,
    upgrade_sqlite,
)
from edgemeter_server.settings import Settings
from edgemeter_server.testing import PostgresCluster

RELEASES = sorted((Path(__file__).parents[3] / "data" / "releases").glob("*.sqlite.sql"))
COUNT = " UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in ("jobs", "measurements", "tokens"))  # noqa: S608


def run_sql(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)


def rows_of(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        names = database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for (name,) in names.fetchall()
        }


def test_an_empty_sqlite_gets_all_tables_and_its_first_epoch(tmp_path: Path) -> None:
    path = tmp_path / "edgemeter.db"
    assert state_of_sqlite(path) is SchemaState.EMPTY
    done = upgrade_sqlite(path)
    assert (done.before, done.after, done.copy) == (None, head(), None)
    assert state_of_sqlite(path) is SchemaState.CURRENT
    assert path.stat().st_mode & 0o077 == 0  # the folder may be older, and open to others


def test_a_second_upgrade_changes_nothing(sqlite_path: Path) -> None:
    done = upgrade_sqlite(sqlite_path)
    assert done.before == done.after
    assert done.copy is None


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.split(".")[0])
async def test_a_populated_sqlite_of_each_release_keeps_every_row(
    release: Path, tmp_path: Path, differences: Callable[[Connection], list[object]]
) -> None:
    path = tmp_path / "edgemeter.db"
    run_sql(path, release.read_text())
    before = rows_of(path)
    done = upgrade_sqlite(path)
    after = rows_of(path)
    assert state_of_sqlite(path) is SchemaState.CURRENT
    assert {name: after.get(name) for name in before} == before
    upgraded = InlineDatabase(path)
    assert await upgraded.read(differences) == []
    await upgraded.close()
    if done.before != done.after:
        assert done.copy is not None
        assert rows_of(done.copy) == before
        assert done.copy.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name.split(".")[0])
async def test_a_populated_postgresql_of_each_release_keeps_every_row(
    release: Path, postgres_cluster: PostgresCluster, differences: Callable[[Connection], list[object]]
) -> None:
    name = f"release_{release.name.split('.')[0]}"
    script = release.with_name(release.name.replace(".sqlite.", ".postgresql."))
    postgres_cluster.sql(f"CREATE DATABASE {name}")
    postgres_cluster.sql(script.read_text(), name)
    before = postgres_cluster.sql(COUNT, name)
    await upgrade_postgres(postgres_cluster.url(name))
    assert await state_of_postgres(postgres_cluster.url(name)) is SchemaState.CURRENT
    assert postgres_cluster.sql(COUNT, name) == before
    assert "0" not in before.split()
    upgraded = PostgresDatabase(postgres_cluster.url(name))
    assert await upgraded.read(differences) == []
    await upgraded.close()
    postgres_cluster.sql(f"DROP DATABASE {name}")


def test_every_release_has_both_dumps() -> None:
    assert RELEASES
    for release in RELEASES:
        assert release.with_name(release.name.replace(".sqlite.", ".postgresql.")).exists()


def test_an_upgrade_that_fails_leaves_everything_as_it_was(
    sqlite_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql(
        sqlite_path,
        "PRAGMA foreign_keys=OFF;"
        "INSERT INTO audit (at_us, token_id, action, detail) VALUES (1, 99, 'refers to nothing', '');"
        "DELETE FROM installation;",
    )
    with pytest.raises(SchemaError, match="refer to nothing"):
        upgrade_sqlite(sqlite_path)
    assert rows_of(sqlite_path)["installation"] == 0


def test_a_newer_sqlite_is_left_alone(sqlite_path: Path) -> None:
    run_sql(sqlite_path, "UPDATE alembic_version SET version_num = '9999'")
    assert state_of_sqlite(sqlite_path) is SchemaState.AHEAD
    with pytest.raises(SchemaError, match="newer"):
        upgrade_sqlite(sqlite_path)


async def test_a_newer_postgresql_is_left_alone(postgres_cluster: PostgresCluster, postgres_url: str) -> None:
    name = postgres_url.split("/")[3].split("?")[0]
    postgres_cluster.sql("UPDATE alembic_version SET version_num = '9999'", name)
    with pytest.raises(SchemaError, match="newer"):
        await upgrade_postgres(postgres_url)


async def test_servers_that_upgrade_at_once_wait_for_each_other(postgres_cluster: PostgresCluster) -> None:
    postgres_cluster.sql("CREATE DATABASE contended")
    url = postgres_cluster.url("contended")
    done = await asyncio.gather(*(upgrade_postgres(url) for _ in range(3)))
    assert sorted((upgrade.before is None) for upgrade in done) == [False, False, True]
    assert postgres_cluster.sql("SELECT count(*) FROM installation", "contended").strip() == "1"
    postgres_cluster.sql("DROP DATABASE contended")


async def test_a_server_upgrades_sqlite_by_itself(tmp_path: Path) -> None:
    async with opening.open_database(Settings(data_folder=tmp_path / "data")) as opened:
        assert await opened.database.read(epoch) == 1
        assert await opening.state(Settings(data_folder=tmp_path / "data")) is SchemaState.CURRENT
        with pytest.raises(FolderInUseError):
            await opening.upgrade(Settings(data_folder=tmp_path / "data"))
    FolderLock(tmp_path / "data").close()


async def test_a_server_refuses_a_postgresql_that_was_not_upgraded(postgres_cluster: PostgresCluster) -> None:
    postgres_cluster.sql("CREATE DATABASE fresh")
    settings = Settings(database_url=postgres_cluster.url("fresh"))
    with pytest.raises(SchemaError, match="edgemeter db upgrade"):
        async with opening.open_database(settings):
            pass
    await opening.upgrade(settings)
    async with opening.open_database(settings) as opened:
        assert await opened.database.read(epoch) == 1
    postgres_cluster.sql("DROP DATABASE fresh WITH (FORCE)")
