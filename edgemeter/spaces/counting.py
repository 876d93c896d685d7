"""Which operator stands where: the tables of the layers, looked up."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.codes import validate
from edgemeter.spaces.space import NOTHING, CodeError, Codes, Context, Space


def placed_at(space: Space, codes: Codes) -> NDArray[np.int32]:
    """For each architecture and layer the position in `space.placed`, or NOTHING: (n, columns) to
    (n, layers), a row of codes to (layers,).
    """
    rows = np.atleast_2d(validate(space, codes))
    positions = np.empty((len(rows), len(space.layers)), dtype=np.int32, order="F")
    for number, layer in enumerate(space.layers):
        positions[:, number] = layer.placed[tuple(rows[:, column] for column in layer.columns)]
    return positions if codes.ndim == 2 else positions[0]


def placed_counts(space: Space, codes: Codes) -> NDArray[np.int32]:
    """How often each of `space.placed` stands in each architecture: (n, columns) to (n, placed)."""
    positions = np.atleast_2d(placed_at(space, codes))
    counts = np.zeros((len(positions), len(space.placed) + 1), dtype=np.int32)
    rows = np.arange(len(positions))
    for column in positions.T:
        counts[rows, column] += 1
    return counts[:, :NOTHING]


def contexts(space: Space) -> tuple[Context, ...]:
    """The distinct contexts of layers that have a choice of operators, in the order of `placed`."""
    chosen: set[int] = set()
    for layer in space.layers:
        positions = set(layer.placed.ravel().tolist()) - {NOTHING}
        if len({space.placed[position].operator for position in positions}) > 1:
            chosen |= positions
    return tuple(dict.fromkeys(space.placed[position].context for position in sorted(chosen)))


def position_of(space: Space, key: str) -> int:
    """The position of a placed operator by its key; an operator's name alone will do where only one
    context has it, as stem and tail.
    """
    position = _positions(space).get(key)
    if position is None:
        raise CodeError(f"{space.name} has no operator {key!r}; one reads {space.placed[-1].key!r}")
    return position


@cache
def _positions(space: Space) -> dict[str, int]:
    by_name: dict[str, list[int]] = {}
    for number, each in enumerate(space.placed):
        by_name.setdefault(each.operator, []).append(number)
    names = {name: numbers[0] for name, numbers in by_name.items() if len(numbers) == 1}
    return names | {each.key: number for number, each in enumerate(space.placed)}
