"""Architectures of a space to be measured, as recipes that the agents build."""

from collections.abc import Sequence

from edgemeter.client.answers import Answers
from edgemeter.client.errors import NoTargetError
from edgemeter.client.generated import AnySpace, named
from edgemeter.client.listing import every
from edgemeter.client.measuring import request_all
from edgemeter.client.planning import Wishes
from edgemeter.client.steps import Steps, collected
from edgemeter.targets import target_of
from edgemeter.wire.base import Page
from edgemeter.wire.devices import TargetRow
from edgemeter.wire.recipes import FileKind, RecipeKind
from edgemeter.wire.requests import RequestItem


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
    from edgemeter.spaces.text import canonical_text

    asked = named(space)
    found = asked.part.base if asked.part is not None else find_space(asked.name)
    builds = f"{found.name}/{found.version}"
    kind = yield from _kind(target)
    wanted = wishes or Wishes()
    items = [
        RequestItem(
            recipe=kind.recipe(builds, RecipeKind.ARCHITECTURE, canonical_text(found, text)),
            target=target,
            spec=wanted.spec,
            fresh=wanted.fresh,
            priority=wanted.priority,
            deadline_s=wanted.deadline_s,
        )
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
