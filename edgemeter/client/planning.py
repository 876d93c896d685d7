"""From files and words to what is asked for: upload each network, choose its targets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from edgemeter.client.choosing import choose
from edgemeter.client.errors import ClientError
from edgemeter.client.listing import every
from edgemeter.client.steps import Pause, Steps, collected
from edgemeter.client.uploading import find_artifact, upload
from edgemeter.failures import FailureError, FailureKind
from edgemeter.targets import Precision
from edgemeter.wire.artifacts import ArtifactDocument
from edgemeter.wire.base import Page
from edgemeter.wire.devices import TargetRow
from edgemeter.wire.requests import RequestItem
from edgemeter.wire.specs import JobSpec

#: A file, or the sha256 of one that the project has.
Network: TypeAlias = str | PathLike[str]
_SHA256_SIGNS = 64
#: The server reads a new file within a second; then its precision is known.
_READING_TURNS_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked of every measurement of one submission; see `RequestItem` and `JobSpec`."""

    spec: JobSpec = field(default_factory=JobSpec)
    fresh: bool = False
    priority: int = 0
    deadline_s: float | None = None


def plan(
    networks: Iterable[Network],
    targets: str | Iterable[str],
    wishes: Wishes,
    project: str,
    note: Callable[[str], None] | None,
) -> Steps[list[RequestItem]]:
    """One item for each network on each of its targets. Raises FailureError for a file that is no network."""
    words = (targets,) if isinstance(targets, str) else tuple(targets)
    rows = yield from collected(every("/v1/targets", Page[TargetRow], {}))
    items: list[RequestItem] = []
    for network in networks:
        artifact = yield from _handed_in(network, project, note)
        items += yield from _items(artifact, rows, words, wishes, project)
    return items


def _handed_in(network: Network, project: str, note: Callable[[str], None] | None) -> Steps[ArtifactDocument]:
    if isinstance(network, str) and _is_sha256(network) and not Path(network).exists():
        known = yield from find_artifact(network, project)
        if known is None:
            raise ClientError(f"project {project} has no file with sha256 {network}")
        return known
    uploaded = yield from upload(network, project=project)
    if note is not None:
        note(f"{Path(network).name}: {'handed in' if uploaded.sent else 'the server has it already'}")
    return uploaded.artifact


def _items(
    artifact: ArtifactDocument, rows: Sequence[TargetRow], words: Sequence[str], wishes: Wishes, project: str
) -> Steps[list[RequestItem]]:
    read = yield from _read_by_server(artifact, project)
    precision = None if read.features is None else Precision(read.features.precision)
    return [
        RequestItem(
            artifact=artifact.sha256,
            target=row.slug,
            spec=wishes.spec,
            fresh=wishes.fresh,
            priority=wishes.priority,
            deadline_s=wishes.deadline_s,
        )
        for row in choose(rows, words, artifact.format, precision)
    ]


def _read_by_server(artifact: ArtifactDocument, project: str) -> Steps[ArtifactDocument]:
    """The document with its features; without them where the server does not get to it in time."""
    for pause_s in _READING_TURNS_S:
        if artifact.refused is not None:
            text = f"{artifact.name}: {artifact.refused}"
            raise FailureError.of(FailureKind.MALFORMED, text)
        if artifact.features is not None:
            break
        yield Pause(pause_s)
        artifact = (yield from find_artifact(artifact.sha256, project)) or artifact
    return artifact


def _is_sha256(text: str) -> bool:
    return len(text) == _SHA256_SIGNS and not set(text) - set("0123456789abcdef")
