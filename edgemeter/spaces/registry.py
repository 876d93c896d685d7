"""Spaces by name: ours and those of installed packages, by the entry points `edgemeter.spaces`."""

from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from edgemeter.failures import EdgeMeterError
from edgemeter.spaces.space import Space

GROUP: Final = "edgemeter.spaces"


class UnknownSpaceError(EdgeMeterError, LookupError):
    """No installed package has a space of this name."""


def space_names() -> tuple[str, ...]:
    """The names of all spaces, sorted, without loading any."""
    return tuple(sorted(_points()))


@cache
def find_space(name: str) -> Space:
    """The space of this name, made once. An entry point names something that makes it: a class without
    arguments or a function.
    """
    point = _points().get(name)
    if point is None:
        near = get_close_matches(name, space_names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(space_names())}"
        raise UnknownSpaceError(f"no space is called {name!r}; {hint}")
    space = point.load()()
    if not isinstance(space, Space) or space.name != name:
        raise UnknownSpaceError(
            f"the entry point {name!r} ({point.value}) does not make a space of that name"
        )
    return space


def _points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
