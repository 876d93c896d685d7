"""An installation with a few artifacts, whose server goes on writing."""

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from edgemeter_server.access.projects import ensure_default
from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.local_storage import LocalStorage
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.database import opening
from edgemeter_server.database.base import Database
from edgemeter_server.settings import Settings
from edgemeter_server.testing import PostgresCluster


@dataclass
class Installation:
    settings: Settings
    empty: Callable[[], Settings]  #: settings of a new, empty place of the same kind
    database: Database
    written: set[str] = field(default_factory=set)  #: slugs of acknowledged projects

    async def write(self, slug: str) -> None:
        row = insert(projects).values(slug=slug, private=False, created_us=1)
        await self.database.write(lambda connection: connection.execute(row).close())
        self.written.add(slug)


@pytest.fixture(params=["sqlite", "postgresql"])
def places(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Settings]:
    """Settings of an installation of that name, in which nothing is yet."""
    if request.param == "sqlite":
        return lambda name: Settings(data_folder=tmp_path / name)
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    monkeypatch.setenv("PATH", f"{cluster.programs}{os.pathsep}{os.environ['PATH']}")

    def place(name: str) -> Settings:
        cluster.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cluster.sql(f"CREATE DATABASE {name}")
        return Settings(data_folder=tmp_path / name, database_url=cluster.url(name))

    return place


@pytest.fixture
async def installation(places: Callable[[str], Settings]) -> AsyncIterator[Installation]:
    settings = places("backed")
    await opening.upgrade(settings)
    async with opening.open_database(settings) as opened:
        await opened.database.write(lambda connection: ensure_default(connection, 1))
        await store(opened.database, settings, [b"one network", b"another network" * 1000])
        yield Installation(settings, lambda: places("restored"), opened.database)


async def store(database: Database, settings: Settings, contents: list[bytes]) -> None:
    storage = LocalStorage(settings.data_folder / "artifacts")
    for content in contents:
        async with storage.draft() as draft:
            await draft.write(content)
            await draft.commit()
    await storage.close()

    def own(connection: Connection) -> None:
        for content in contents:
            row = insert(artifacts).values(
                sha256=hashlib.sha256(content).digest(),
                size_bytes=len(content),
                format="onnx",
                created_us=1,
                touched_us=1,
            )
            found = connection.execute(row.returning(artifacts.c.id)).scalar_one()
            owner = connection.execute(select(projects.c.id)).scalar()
            connection.execute(
                insert(project_artifacts).values(
                    project_id=owner, artifact_id=found, name="network", created_us=1
                )
            )

    await database.write(own)
