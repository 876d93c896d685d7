"""What targets support of a space's operators, put together from what their contexts have shown."""

from collections.abc import Collection, Iterable

from edgemeter.spaces.space import Space
from edgemeter.wire.campaigns import Capabilities, OperatorSupport, Support


def combined(found: Collection[Support]) -> Support:
    """Of an operator, from its contexts. What runs in some of them only is partial."""
    kinds = set(found)
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds == {Support.FULL, Support.UNKNOWN} or kinds == {Support.NONE, Support.UNKNOWN}:
        return Support.UNKNOWN
    return Support.PARTIAL


def by_operator(contexts: Iterable[OperatorSupport]) -> dict[str, Support]:
    shown: dict[str, list[Support]] = {}
    for each in contexts:
        shown.setdefault(each.operator, []).append(each.support)
    return {operator: combined(found) for operator, found in shown.items()}


def within(space: Space, found: Capabilities) -> Capabilities:
    """Of the operators alone that `space`, a part of the space that was asked about, has."""
    keys = {placed.key for placed in space.placed}
    contexts = tuple(each for each in found.contexts if each.key in keys)
    return found.model_copy(update={"contexts": contexts, "operators": by_operator(contexts)})
