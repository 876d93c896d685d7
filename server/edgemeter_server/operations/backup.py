"""A whole installation in one file, while the server runs: its database and the artifacts somebody needs.

A backup holds every write that was acknowledged before it began. It is read back and compared before it
gets its name. Tokens are in it as hashes only; the server's own key is not.
"""

import hashlib
import io
import tarfile
import tempfile
from functools import partial
from pathlib import Path

from edgemeter import __version__
from edgemeter_server.artifacts.opening import open_storage
from edgemeter_server.artifacts.storage import NotStoredError, Storage
from edgemeter_server.database.opening import database_file
from edgemeter_server.operations.archive import ARTIFACTS, DATABASE, MANIFEST, Manifest, writing
from edgemeter_server.operations.postgres_snapshots import PostgresSnapshots
from edgemeter_server.operations.snapshots import Snapshot, Snapshots
from edgemeter_server.operations.sqlite_snapshots import SqliteSnapshots
from edgemeter_server.settings import Settings


async def back_up(settings: Settings, path: Path) -> Manifest:
    """Makes the archive `path`. Raises EdgeMeterError; artifacts that are missing are told in the manifest.

    Files that nobody owns or waits for are left out. The others stay for a day after they are given up
    (see artifacts/collection.py), so that none goes between the snapshot and its copy.
    """
    snapshots = snapshots_of(settings)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.absolute().parent) as folder:
        file = Path(folder) / DATABASE
        snapshot = await snapshots.take(file)
        with writing(path.absolute()) as archive:
            _add(archive, DATABASE, file)
            missing = await _add_artifacts(archive, settings, snapshot)
            manifest = Manifest(
                edgemeter=__version__,
                database=snapshots.kind,
                revision=snapshot.revision,
                database_sha256=_sha256(file),
                artifacts=len(snapshot.artifacts) - len(missing),
                missing=missing,
            )
            _add_text(archive, MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def snapshots_of(settings: Settings) -> Snapshots:
    if settings.database_url is not None:
        return PostgresSnapshots(settings.database_url)
    return SqliteSnapshots(database_file(settings))


async def _add_artifacts(archive: tarfile.TarFile, settings: Settings, snapshot: Snapshot) -> tuple[str, ...]:
    """Those that were missing, or not what their name says."""
    if not snapshot.artifacts:
        return ()
    storage = open_storage(settings)
    try:
        return tuple([name for name in snapshot.artifacts if not await _add_artifact(archive, storage, name)])
    finally:
        await storage.close()


async def _add_artifact(archive: tarfile.TarFile, storage: Storage, sha256: str) -> bool:
    try:
        return await storage.inspect(sha256, partial(_add_if_whole, archive, sha256))
    except NotStoredError:
        return False


def _add_if_whole(archive: tarfile.TarFile, sha256: str, path: Path) -> bool:
    if _sha256(path) != sha256:
        return False
    _add(archive, f"{ARTIFACTS}{sha256}", path)
    return True


def _add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    with path.open("rb") as content:
        member = tarfile.TarInfo(name)
        member.size, member.mode = path.stat().st_size, 0o600
        archive.addfile(member, content)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
