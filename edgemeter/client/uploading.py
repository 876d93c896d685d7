"""Handing in a file: its sha256 first, its bytes only where the project does not have them."""

import hashlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from urllib.parse import quote

from edgemeter.client.asking import ask
from edgemeter.client.errors import ClientError
from edgemeter.client.project import home_project
from edgemeter.client.replies import reader
from edgemeter.client.steps import CHUNK_BYTES, Call, FileBody, SentBytes, Steps, work
from edgemeter.wire.artifacts import ArtifactDocument
from edgemeter.wire.problems import ProblemError, ProblemType

_NAME_SIGNS = 200
#: Slower than any link that is of use: what a file may take beyond another call.
SLOWEST_BYTES_PER_S = 100_000


@dataclass(frozen=True, slots=True)
class Upload:
    """`sent` is False where the project had the file already, and no byte of it was sent."""

    artifact: ArtifactDocument
    sent: bool


@dataclass(frozen=True, slots=True)
class _Sized:
    sha256: str
    size_bytes: int


def upload(
    file: str | PathLike[str], *, project: str | None = None, progress: SentBytes | None = None
) -> Steps[Upload]:
    """Hands in an ONNX or TFLite file. `progress` is told the bytes sent and their total.

    Raises ClientError where the file cannot be read, else as every operation.
    """
    path = Path(file)
    project = yield from home_project(project)
    sized = yield from work(lambda: _sized(path))
    known = yield from find_artifact(sized.sha256, project)
    if known is not None:
        return Upload(known, sent=False)
    body = FileBody(path, sized.size_bytes, progress)
    artifact = yield from ask(
        Call(
            method="PUT",
            path=f"/v1/artifacts/{sized.sha256}",
            query={"project": project, "name": _label(path.name)},
            body=body,
            longer_s=sized.size_bytes / SLOWEST_BYTES_PER_S,
            read=reader(ArtifactDocument),
        )
    )
    return Upload(artifact, sent=True)


def find_artifact(sha256: str, project: str) -> Steps[ArtifactDocument | None]:
    """None where the project does not have it."""
    call = Call(
        method="GET",
        path=f"/v1/artifacts/{quote(sha256, safe='')}",
        query={"project": project},
        read=reader(ArtifactDocument),
    )
    try:
        return (yield from ask(call))
    except ProblemError as error:
        if error.kind == ProblemType.NOT_FOUND:
            return None
        raise


def _sized(path: Path) -> _Sized:
    digest, size_bytes = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                size_bytes += len(chunk)
    except OSError as error:
        raise ClientError(f"{path.name}: cannot be read: {error.strerror}") from None
    return _Sized(digest.hexdigest(), size_bytes)


def _label(name: str) -> str:
    """The server takes no control characters in a name."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in name.encode("utf-8", "replace").decode())
    return shown[:_NAME_SIGNS]
