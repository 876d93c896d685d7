"""Architectures of a space to be measured, as recipes that the agents build."""

from collections.abc import Sequence

from edgemeter.client.answers import Answers
from edgemeter.client.errors import NoTargetError
from edgemeter.client.generated import AnySpace, named
from edgemeter.client.listing import every
from edgemeter.client.measuring import request_all
from edgemeter.client.planning import Wishes, architecture_item
from edgemeter.client.steps import Steps, collected
from edgemeter.targets import target_of
from edgemeter.wire.base import Page
from edgemeter.wire.devices import TargetRow
from edgemeter.wire.recipes import FileKind


def submit_architectures(
    space: AnySpace,
    architectures: Sequence[str],
    target: str,
    *,
    wishes: Wishes | None = None,
    project: str | None = None,
) -> Steps[Answers]:
    """Asks for architectures of a space, as texts, on one target (its slug), and does not wait.

    What is stored is answered at once. Raises CodeError for a text that is no architecture, NoTargetError
    for a target that no device of the server has offered.
    """
    from edgemeter.spaces.registry import find_space

    asked = named(space)
    found = asked.part.base if asked.part is not None else find_space(asked.name)
    kind = yield from _kind(target)
    items = [
        architecture_item(found, text, kind, target, wishes or Wishes())
        for text in asked.asked(architectures)
    ]
    return (yield from request_all(items, project=project))


def _kind(slug: str) -> Steps[FileKind]:
    rows = yield from collected(every("/v1/targets", Page[TargetRow], {}))
    target = target_of(slug)
    for row in rows:
        if row.slug == slug and target is not None:
            return FileKind.of(target, row.formats)
    raise NoTargetError(f"no device of this server has offered {slug}")
