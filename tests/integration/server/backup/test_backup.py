"""A backup is a restore that was checked: taken while writes go on, on both databases."""

import asyncio
import hashlib
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from edgemeter_server.access.tables import projects
from edgemeter_server.artifacts.local_storage import LocalStorage
from edgemeter_server.artifacts.storage import place_of
from edgemeter_server.database import opening
from edgemeter_server.database.installation import epoch
from edgemeter_server.operations.archive import ArchiveError, members, verify
from edgemeter_server.operations.backup import back_up
from edgemeter_server.operations.restore import restore
from edgemeter_server.operations.snapshots import SnapshotError
from edgemeter_server.settings import Settings


async def slugs(settings: Settings) -> set[str]:
    async with opening.open_database(settings) as opened:
        assert await opened.database.read(epoch) == 2
        return await opened.database.read(lambda c: set(c.execute(select(projects.c.slug)).scalars()))


async def test_a_restore_holds_what_was_acknowledged_before_the_backup_began(
    installation: Any, tmp_path: Path
) -> None:
    for number in range(20):
        await installation.write(f"before-{number}")
    acknowledged = set(installation.written)
    stop = asyncio.Event()

    async def go_on() -> None:
        number = 0
        while not stop.is_set():
            await installation.write(f"meanwhile-{number}")
            number += 1

    writing = asyncio.create_task(go_on())
    manifest = await back_up(installation.settings, tmp_path / "backup.tar")
    stop.set()
    await writing
    restored = installation.empty()
    assert await restore(restored, tmp_path / "backup.tar") == manifest
    found = await slugs(restored)
    assert acknowledged <= found
    assert found <= installation.written | {"default"}
    assert manifest.artifacts == 2
    assert manifest.missing == ()


async def test_artifacts_come_back_byte_by_byte(installation: Any, tmp_path: Path) -> None:
    await back_up(installation.settings, tmp_path / "backup.tar")
    restored = installation.empty()
    await restore(restored, tmp_path / "backup.tar")
    storage = LocalStorage(restored.data_folder / "artifacts")
    for content in (b"one network", b"another network" * 1000):
        stored = [chunk async for chunk in storage.read(hashlib.sha256(content).hexdigest())]
        assert b"".join(stored) == content
    await storage.close()


async def test_a_backup_is_for_its_owner_only_and_leaves_nothing_beside_it(
    installation: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    await back_up(installation.settings, folder / "backup.tar")
    assert [path.name for path in folder.iterdir()] == ["backup.tar"]
    assert stat.S_IMODE((folder / "backup.tar").stat().st_mode) == 0o600


async def test_lost_and_damaged_artifacts_are_told_and_the_rest_is_saved(
    installation: Any, tmp_path: Path
) -> None:
    one, other = (
        hashlib.sha256(content).hexdigest() for content in (b"one network", b"another network" * 1000)
    )
    objects = installation.settings.data_folder / "artifacts" / "objects"
    (objects / place_of(one)).unlink()
    damaged = objects / place_of(other)
    damaged.chmod(0o600)
    damaged.write_bytes(b"another networK" * 1000)
    manifest = await back_up(installation.settings, tmp_path / "backup.tar")
    assert set(manifest.missing) == {one, other}
    assert manifest.artifacts == 0
    await restore(installation.empty(), tmp_path / "backup.tar")


async def test_nothing_is_restored_over_what_is_there(installation: Any, tmp_path: Path) -> None:
    await back_up(installation.settings, tmp_path / "backup.tar")
    with pytest.raises(SnapshotError, match="not empty"):
        await restore(installation.settings, tmp_path / "backup.tar")
    restored = installation.empty()
    await restore(restored, tmp_path / "backup.tar")
    with pytest.raises(SnapshotError, match="not empty"):
        await restore(restored, tmp_path / "backup.tar")


async def test_no_changed_byte_is_taken_for_the_original(installation: Any, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    await back_up(installation.settings, path)
    original, contents = path.read_bytes(), contents_of(path)
    for place in range(0, len(original), len(original) // 97):
        changed = bytearray(original)
        changed[place] ^= 0x20
        path.write_bytes(changed)
        try:
            verify(path)
        except ArchiveError:
            continue
        # The byte was padding, which means nothing.
        assert contents_of(path) == contents


async def test_nothing_is_touched_when_the_backup_is_damaged(installation: Any, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    await back_up(installation.settings, path)
    changed = bytearray(path.read_bytes())
    changed[5000] ^= 0x20  # in the database, which comes first
    path.write_bytes(changed)
    restored = installation.empty()
    with pytest.raises(ArchiveError, match="database in the backup is damaged"):
        await restore(restored, path)
    assert not restored.data_folder.exists()


def contents_of(path: Path) -> dict[str, bytes]:
    return {name: content.read() for name, content in members(path)}


async def test_half_a_backup_is_refused(installation: Any, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    await back_up(installation.settings, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ArchiveError, match="no whole backup"):
        await restore(installation.empty(), path)


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 1000)
    with pytest.raises(ArchiveError):
        verify(tmp_path / "photo.jpg")


async def test_without_pg_dump_the_reason_is_told(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(data_folder=tmp_path / "data", database_url=postgres_url)
    with pytest.raises(SnapshotError, match="pg_dump is not installed"):
        await back_up(settings, tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


async def test_a_backup_of_the_other_database_is_refused(
    installation: Any, places: Callable[[str], Settings], tmp_path: Path
) -> None:
    await back_up(installation.settings, tmp_path / "backup.tar")
    other = Settings(
        data_folder=tmp_path / "other",
        database_url=None if installation.settings.database_url else "postgresql://localhost/none",
    )
    with pytest.raises(SnapshotError, match="this is a backup of"):
        await restore(other, tmp_path / "backup.tar")
