"""A backup becomes an installation again, in an empty place, and begins a new life there."""

from pathlib import Path
from typing import IO

from edgemeter_server.artifacts.opening import open_storage
from edgemeter_server.artifacts.storage import Storage
from edgemeter_server.database.folder_lock import LOCK_NAME, FolderLock
from edgemeter_server.operations.archive import (
    ARTIFACTS,
    DATABASE,
    ArchiveError,
    Manifest,
    chunks,
    members,
    verify,
)
from edgemeter_server.operations.backup import snapshots_of
from edgemeter_server.operations.snapshots import SnapshotError
from edgemeter_server.settings import Settings


async def restore(settings: Settings, path: Path) -> Manifest:
    """Fills the empty data folder, or the empty PostgreSQL and storage, from the archive `path`.

    Nothing is touched before the whole archive was read and found sound. The database comes last: an
    installation that has one has everything. Raises EdgeMeterError.
    """
    manifest = verify(path)
    snapshots = snapshots_of(settings)
    if manifest.database != snapshots.kind:
        raise SnapshotError(
            f"this is a backup of {manifest.database}, and the settings name {snapshots.kind}"
        )
    _refuse_unless_empty(settings.data_folder)
    await snapshots.refuse_unless_empty()
    with FolderLock(settings.data_folder):
        file = settings.data_folder / "restoring.db"
        await _unpack(settings, path, file)
        await snapshots.put_back(file)
        file.unlink(missing_ok=True)
    return manifest


def _refuse_unless_empty(folder: Path) -> None:
    if folder.exists() and any(entry.name != LOCK_NAME for entry in folder.iterdir()):
        raise SnapshotError("the data folder is not empty: restore into a new one")


async def _unpack(settings: Settings, path: Path, file: Path) -> None:
    storage = open_storage(settings)
    try:
        for name, content in members(path):
            if name == DATABASE:
                _write(content, file)
            elif name.startswith(ARTIFACTS):
                await _store(storage, name.removeprefix(ARTIFACTS), content)
    finally:
        await storage.close()


def _write(content: IO[bytes], file: Path) -> None:
    file.touch(mode=0o600)
    with file.open("wb") as target:
        for chunk in chunks(content):
            target.write(chunk)


async def _store(storage: Storage, sha256: str, content: IO[bytes]) -> None:
    async with storage.draft() as draft:
        for chunk in chunks(content):
            await draft.write(chunk)
        if draft.sha256 != sha256:
            raise ArchiveError(f"artifact {sha256} changed while it was read")
        await draft.commit()
