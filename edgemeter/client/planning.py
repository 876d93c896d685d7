"""From files, architectures and words to what is asked for: upload each file, choose the targets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgemeter.client.choosing import choose
from edgemeter.client.errors import ClientError, NoTargetError
from edgemeter.client.listing import every
from edgemeter.client.naming import listed, named_targets
from edgemeter.client.project import home_project
from edgemeter.client.steps import Pause, Steps, collected
from edgemeter.client.uploading import find_artifact, upload
from edgemeter.failures import FailureError, FailureKind
from edgemeter.targets import Precision, target_of
from edgemeter.wire.artifacts import ArtifactDocument
from edgemeter.wire.base import Page
from edgemeter.wire.devices import TargetRow
from edgemeter.wire.recipes import FileKind, RecipeKind
from edgemeter.wire.requests import RequestItem
from edgemeter.wire.specs import JobSpec

if TYPE_CHECKING:
    from edgemeter.spaces.space import Space

#: A file, the sha256 of one that the project has, or an architecture: `references@1:mobilenet_v1,1.0`.
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
    words = listed(targets)
    rows = yield from _offered()
    items: list[RequestItem] = []
    for network in networks:
        if is_architecture(network):
            items += _of_architecture(str(network), rows, words, wishes)
            continue
        artifact = yield from _handed_in(network, project, note)
        items += yield from _items(artifact, rows, words, wishes, project)
    if note is not None:
        _note_absent(rows, items, note)
    return items


def hand_in(
    network: Network, targets: str | Iterable[str], *, project: str | None = None
) -> Steps[tuple[str, tuple[str, ...]]]:
    """The sha256 of a file, which is handed in where the project has not got it, and the targets that the
    words mean for it: where they leave it open, those that read it and run its own precision.
    """
    home = yield from home_project(project)
    rows = yield from _offered()
    artifact = yield from _handed_in(network, home, None)
    chosen = yield from _chosen(artifact, rows, listed(targets), home)
    return artifact.sha256, tuple(row.slug for row in chosen)


def _offered() -> Steps[list[TargetRow]]:
    return (yield from collected(every("/v1/targets", Page[TargetRow], {})))


def _note_absent(
    rows: Sequence[TargetRow], items: Iterable[RequestItem], note: Callable[[str], None]
) -> None:
    present = {row.slug for row in rows if row.available}
    for slug in dict.fromkeys(item.target for item in items if item.target not in present):
        note(f"no device offers {slug} now: what is not stored waits for one")


def is_architecture(network: Network) -> bool:
    """Whether it reads NAME@VERSION:WORDS, and is no file."""
    if not isinstance(network, str):
        return False
    name, _, version = network.partition(":")[0].partition("@")
    return bool(name) and version.isdecimal() and ":" in network and not Path(network).exists()


def architecture_item(space: "Space", text: str, kind: FileKind, target: str, wishes: Wishes) -> RequestItem:
    """An architecture of an installed space, built by the agent. Raises CodeError for what is none."""
    from edgemeter.spaces.text import canonical_text

    builds = f"{space.name}/{space.version}"
    return RequestItem(
        recipe=kind.recipe(builds, RecipeKind.ARCHITECTURE, canonical_text(space, text)),
        target=target,
        spec=wishes.spec,
        fresh=wishes.fresh,
        priority=wishes.priority,
        deadline_s=wishes.deadline_s,
    )


def _of_architecture(
    text: str, rows: Sequence[TargetRow], words: Sequence[str], wishes: Wishes
) -> list[RequestItem]:
    """Raises UnknownSpaceError, CodeError, or NoTargetError for a target that no device has offered."""
    from edgemeter.spaces.registry import find_space

    space, formats = find_space(text.partition("@")[0]), {row.slug: row.formats for row in rows}
    items = []
    for slug in named_targets(rows, words):
        target = target_of(slug)
        if slug not in formats or target is None:
            raise NoTargetError(f"no device of this server has offered {slug}")
        kind = FileKind.of(target, formats[slug])
        items.append(architecture_item(space, text, kind, slug, wishes))
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
    chosen = yield from _chosen(artifact, rows, words, project)
    return [
        RequestItem(
            artifact=artifact.sha256,
            target=row.slug,
            spec=wishes.spec,
            fresh=wishes.fresh,
            priority=wishes.priority,
            deadline_s=wishes.deadline_s,
        )
        for row in chosen
    ]


def _chosen(
    artifact: ArtifactDocument, rows: Sequence[TargetRow], words: Sequence[str], project: str
) -> Steps[list[TargetRow]]:
    read = yield from _read_by_server(artifact, project)
    precision = None if read.features is None else Precision(read.features.precision)
    return choose(rows, words, artifact.format, precision)


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
