"""What the migrations build is, word for word, what the models say, on both databases."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from edgemeter_server.clock import SystemClock
from edgemeter_server.database.base import Database
from edgemeter_server.database.catalogue import metadata
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.upgrading import prepare
from edgemeter_server.testing import PostgresCluster

Differences = Callable[[Connection], list[object]]

_SQLITE = text(
    "SELECT type, name, sql FROM sqlite_schema "
    "WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version' ORDER BY type, name"
)
#: Columns, constraints and indexes as PostgreSQL itself writes them; partitions come from their parent.
_POSTGRES = text(
    """
    SELECT 'column', c.relname || '.' || a.attname,
           concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                     a.attstorage, pg_get_expr(d.adbin, d.adrelid), pg_get_partkeydef(c.oid))
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname <> 'alembic_version'
    UNION ALL
    SELECT 'constraint', c.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
     WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND c.relname <> 'alembic_version'
    UNION ALL
    SELECT 'index', i.indexname, i.indexdef
      FROM pg_indexes i JOIN pg_class c ON c.relname = i.tablename
     WHERE i.schemaname = 'public' AND NOT c.relispartition AND i.tablename <> 'alembic_version'
     ORDER BY 1, 2
    """
)


async def test_the_catalogue_is_that_of_the_models_on_sqlite(differences: Differences) -> None:
    migrated, modelled = InlineDatabase(), InlineDatabase()
    await migrated.write(lambda connection: prepare(connection, SystemClock()))
    await modelled.write(metadata.create_all)
    assert await migrated.read(_sqlite_catalogue) == await modelled.read(_sqlite_catalogue)
    assert await migrated.read(differences) == []
    await migrated.close()
    await modelled.close()


async def test_the_catalogue_is_that_of_the_models_on_postgresql(
    postgres_cluster: PostgresCluster, postgres_url: str, differences: Differences
) -> None:
    postgres_cluster.sql("CREATE DATABASE modelled")
    migrated, modelled = PostgresDatabase(postgres_url), PostgresDatabase(postgres_cluster.url("modelled"))
    try:
        await modelled.write(metadata.create_all)
        assert await migrated.read(_postgres_catalogue) == await modelled.read(_postgres_catalogue)
        assert await migrated.read(differences) == []
    finally:
        await migrated.close()
        await modelled.close()
        postgres_cluster.sql("DROP DATABASE modelled")


async def test_indexes_hold_what_their_queries_say(database: Database) -> None:
    """The promises of the schema stand in partial unique indexes: both databases must have them as such."""
    names = await database.read(_partial_unique_indexes)
    assert names >= {
        "uq_agent_sessions_live_device_id",
        "uq_attempts_live_job_id",
        "uq_jobs_open",
        "uq_measurements_accepted_job_id",
        "uq_measurements_other_attempt_id",
    }


@pytest.mark.parametrize(
    "path", sorted(Path("migrations/edgemeter_migrations/versions").glob("*.py")), ids=str
)
def test_a_migration_is_named_by_its_revision(path: Path) -> None:
    revision = re.search(r'^revision = "(\d{4})"$', path.read_text(), re.MULTILINE)
    assert revision is not None
    assert path.name.startswith(f"{revision[1]}_")


def _sqlite_catalogue(connection: Connection) -> list[tuple[str, ...]]:
    rows = connection.execute(_SQLITE).all()
    return [(kind, name, *_parts(sql)) for kind, name, sql in rows]


def _parts(sql: str) -> list[str]:
    """Columns in their order, then the constraints, whose order means nothing."""
    plain = re.sub(r" ?\)$", "", re.sub(r"\s+", " ", sql).replace('"', ""))
    columns, *constraints = re.split(r", (?=CONSTRAINT )", plain)
    return [columns, *sorted(constraints)]


def _postgres_catalogue(connection: Connection) -> list[tuple[str, ...]]:
    return [tuple(row) for row in connection.execute(_POSTGRES)]


def _partial_unique_indexes(connection: Connection) -> set[str]:
    partial: dict[str, str] = {
        "sqlite": "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE UNIQUE INDEX%WHERE%'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE indexdef LIKE 'CREATE UNIQUE INDEX%WHERE%'",
    }
    return set(connection.execute(text(partial[connection.dialect.name])).scalars())
