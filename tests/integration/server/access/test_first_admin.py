"""The first start leaves one admin's token in a file that only its owner reads."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edgemeter.wire.access import Role
from edgemeter_server.access.first_admin import first_admin
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.services import Services
from edgemeter_server.settings import Settings


async def test_it_is_an_admin_and_private(services: Services):
    path = await first_admin(services)

    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    caller = await services.authentication.authenticate(path.read_text().strip())
    assert caller is not None
    assert caller.role is Role.ADMIN


async def test_a_second_start_makes_no_other(services: Services):
    path = await first_admin(services)
    assert path is not None
    text = path.read_text()

    assert await first_admin(services) is None
    assert path.read_text() == text


async def test_two_servers_that_start_at_once_agree_or_both_work(services: Services, tmp_path: Path):
    folders = [tmp_path / "one", tmp_path / "two"]
    starting = [replace(services, settings=Settings(data_folder=folder)) for folder in folders]
    paths = [path for path in await asyncio.gather(*map(first_admin, starting)) if path is not None]

    assert paths
    for path in paths:
        assert await services.authentication.authenticate(path.read_text().strip()) is not None


async def test_a_crash_before_the_commit_is_mended_by_the_next_start(services: Services):
    left = services.settings.data_folder / "admin-token"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text("em_of-a-start-that-crashed")
    path = await first_admin(services)

    assert path is not None
    assert await services.authentication.authenticate(path.read_text().strip()) is not None


async def test_without_a_database_there_is_no_file(services: Services):
    await services.database.close()

    with pytest.raises(UnavailableError):
        await first_admin(services)
    assert not (services.settings.data_folder / "admin-token").exists()
