"""The whole service in-process, over HTTP, on a real SQLite and on a real PostgreSQL.

Every test that uses `database`, or anything made of it, runs once on each.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from edgemeter.wire.access import Role
from edgemeter_server.app import create_app
from edgemeter_server.database.base import Database
from edgemeter_server.database.postgres import PostgresDatabase
from edgemeter_server.database.sqlite import SqliteDatabase
from edgemeter_server.database.upgrading import upgrade_postgres, upgrade_sqlite
from edgemeter_server.services import Services
from edgemeter_server.testing import ManualClock, PostgresCluster, issue_token, make_services
from edgemeter_server.testing.postgres_cluster import ClusterError

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]

_NUMBERS = count()
_EMPTY = """
DO $$ DECLARE found record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT oid::regclass AS name, relkind FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
                    AND NOT relispartition AND relname NOT IN ('alembic_version', 'installation')
    LOOP
        IF found.relkind = 'S' THEN PERFORM setval(found.name, 1, false);
        ELSE EXECUTE 'DELETE FROM ' || found.name; END IF;
    END LOOP;
    UPDATE installation SET epoch = 1;
END $$
"""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and nothing in them."""
    path = tmp_path_factory.mktemp("template") / "edgemeter.db"
    upgrade_sqlite(path)
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    try:
        cluster = PostgresCluster()
    except ClusterError as error:
        pytest.skip(f"no PostgreSQL can run here: {error}")
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    """The name of a database with all tables and nothing in them."""
    postgres_cluster.sql("CREATE DATABASE template")
    asyncio.run(upgrade_postgres(postgres_cluster.url("template")))
    return "template"


@pytest.fixture
def sqlite_path(sqlite_template: Path, tmp_path: Path) -> Path:
    """A new SQLite database with all tables."""
    path = tmp_path / "edgemeter.db"
    shutil.copyfile(sqlite_template, path)
    return path


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[str]:
    """A new PostgreSQL database with all tables, for tests that change these or the connections to it."""
    name = f"test_{next(_NUMBERS)}"
    postgres_cluster.sql(f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY wal_log")
    yield postgres_cluster.url(name)
    postgres_cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_postgres(postgres_cluster: PostgresCluster, postgres_template: str) -> str:
    """The name of the database that tests use one after the other."""
    postgres_cluster.sql(f"CREATE DATABASE shared TEMPLATE {postgres_template}")
    return "shared"


@pytest.fixture
def emptied_postgres_url(postgres_cluster: PostgresCluster, shared_postgres: str) -> str:
    """As good as new, and made in a tenth of the time: all rows are deleted, all ids begin again."""
    postgres_cluster.sql(_EMPTY, shared_postgres)
    return postgres_cluster.url(shared_postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def open_database(request: pytest.FixtureRequest) -> Callable[[], Database]:
    """Opens the test's database; again after it was closed, as a restarted server does."""
    if request.param == "sqlite":
        return partial(SqliteDatabase, request.getfixturevalue("sqlite_path"))
    return partial(PostgresDatabase, request.getfixturevalue("emptied_postgres_url"))


@pytest.fixture
async def database(open_database: Callable[[], Database]) -> AsyncIterator[Database]:
    opened = open_database()
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def services(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Services]:
    async with make_services(database, tmp_path / "data", clock) as made:
        yield made


@pytest.fixture
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture
async def client_of(services: Services, app: FastAPI) -> AsyncIterator[ClientOf]:
    """`await client_of(role, project="default", device=None, device_slug=None)`: one with a new token."""
    async with AsyncExitStack() as clients:

        async def make(
            role: Role | str,
            project: str = "default",
            device: str | None = None,
            device_slug: str | None = None,
        ) -> httpx.AsyncClient:
            token = await issue_token(
                services, Role(role), project=project, device=device, device_slug=device_slug
            )
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
                base_url="http://testserver",
                headers={"authorization": f"Bearer {token}"},
            )
            return await clients.enter_async_context(client)

        yield make
