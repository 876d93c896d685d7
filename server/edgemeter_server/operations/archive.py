"""The file that a backup is: a plain tar of the database, the artifacts, and last a manifest.

database              SQLite's own file, or what pg_dump wrote
artifacts/<sha256>    each one's bytes
manifest.json         what should be there; an archive without it was never finished
"""

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from edgemeter.failures import EdgeMeterError

DATABASE: Final = "database"
ARTIFACTS: Final = "artifacts/"
MANIFEST: Final = "manifest.json"
_CHUNK_BYTES: Final = 1 << 20
_MANIFEST_BYTES: Final = 256 << 20


class ArchiveError(EdgeMeterError):
    """The archive is not what it says; the text names what is wrong."""


class Manifest(BaseModel):
    """`missing` are artifacts that the database speaks of and that were not to be found, by SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    edgemeter: str
    database: Literal["sqlite", "postgresql"]
    revision: str
    database_sha256: str
    artifacts: int
    missing: tuple[str, ...] = ()


@contextmanager
def writing(path: Path) -> Iterator[tarfile.TarFile]:
    """A new archive for its owner's eyes only; under its name only once it is on the disk and verified."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        verify(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename in it durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each, in the order of the file. Nothing is written anywhere."""
    try:
        with tarfile.open(path, mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    raise ArchiveError(f"{member.name!r} is not a plain file")
                yield member.name, content
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveError(f"this is no whole backup: {error}") from None


def chunks(content: IO[bytes]) -> Iterator[bytes]:
    """Of one member. Raises ArchiveError where the file ends before the member does."""
    try:
        while chunk := content.read(_CHUNK_BYTES):
            yield chunk
    except tarfile.TarError as error:
        raise ArchiveError(f"this is no whole backup: {error}") from None


def verify(path: Path) -> Manifest:
    """Reads everything once. Raises ArchiveError unless each byte is what its name or the manifest says."""
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    for name, content in members(path):
        if name == MANIFEST:
            manifest = _parsed(content)
        else:
            found[name] = _sha256(content)
    if manifest is None:
        raise ArchiveError("this is no whole backup: it has no manifest")
    if found.pop(DATABASE, None) != manifest.database_sha256:
        raise ArchiveError("the database in the backup is damaged")
    damaged = sorted(name for name, sha256 in found.items() if name != f"{ARTIFACTS}{sha256}")
    if damaged or len(found) != manifest.artifacts:
        raise ArchiveError(f"artifacts in the backup are damaged or lost: {', '.join(damaged) or 'some'}")
    return manifest


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(content):
        digest.update(chunk)
    return digest.hexdigest()


def _parsed(content: IO[bytes]) -> Manifest:
    try:
        return Manifest.model_validate_json(content.read(_MANIFEST_BYTES))
    except ValidationError:
        raise ArchiveError("the backup's manifest cannot be read: is it of a newer EdgeMeter?") from None
