"""Spaces as the service's callers name them."""

from edgemeter.spaces.registry import UnknownSpaceError, find_space
from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.subset import Subset
from edgemeter.wire.campaigns import CampaignPlan, PlannedPart
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal


def known_space(name: str) -> Space:
    """Raises Refusal INVALID for a space that is not installed on the server."""
    try:
        return find_space(name)
    except UnknownSpaceError as error:
        raise Refusal(ProblemType.INVALID, str(error)) from None


def planned_space(plan: CampaignPlan) -> Space:
    """What a campaign measures. Raises as `space_or_part`."""
    return space_or_part(plan.space, plan.part)


def space_or_part(name: str, part: PlannedPart | None) -> Space:
    """A space, or a part of it.

    Raises UnknownSpaceError, or CodeError for a part that is none of the space's.
    """
    space = find_space(name)
    if part is None:
        return space
    if part.version != space.version:
        raise CodeError(
            f"{part.name} is of {space.name} version {part.version}; here is version {space.version}"
        )
    return Subset(space, part.name, part.choices)


def builds_of(space: Space) -> str:
    """The space and its version as recipes, sessions and campaigns name it."""
    return f"{space.name}/{space.version}"
