"""Spaces as the service's callers name them."""

from edgemeter.spaces.registry import UnknownSpaceError, find_space
from edgemeter.spaces.space import Space
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal


def known_space(name: str) -> Space:
    """Raises Refusal INVALID for a space that is not installed on the server."""
    try:
        return find_space(name)
    except UnknownSpaceError as error:
        raise Refusal(ProblemType.INVALID, str(error)) from None


def builds_of(space: Space) -> str:
    """The space and its version as recipes, sessions and campaigns name it."""
    return f"{space.name}/{space.version}"
