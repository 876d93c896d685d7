"""One world for each database, in which servers die one after the other."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgemeter_server.database.upgrading import upgrade_postgres
from edgemeter_server.testing import PostgresCluster
from edgemeter_server.testing.postgres_cluster import ClusterError

from .service import running
from .world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("sqlite")) as service:
        yield World(service)


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    try:
        cluster = PostgresCluster()
    except ClusterError as error:
        pytest.skip(f"no PostgreSQL can run here: {error}")
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def postgres_world(cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    cluster.sql("CREATE DATABASE edgemeter")
    url = cluster.url("edgemeter")
    asyncio.run(upgrade_postgres(url))
    folder: Path = tmp_path_factory.mktemp("postgresql")
    with running(folder, EDGEMETER_SERVER_DATABASE_URL=url) as service:
        yield World(service)
