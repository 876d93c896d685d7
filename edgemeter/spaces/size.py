"""How many architectures a space has."""

from math import prod

from edgemeter.spaces.space import Space


def size(space: Space) -> int:
    """The number of codes, exactly. Where several codes build the same network (`Space.canonical`), each
    counts.
    """
    return prod(len(column.choices) for column in space.columns)
