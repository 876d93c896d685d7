"""The multi-hardware space (arXiv:2008.08178, eq. 1): what every target runs without falling back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgemeter.spaces.space import NOTHING, CodeError, Space
from edgemeter.spaces.subset import Subset

FULL: Final = "full"
UNKNOWN: Final = "unknown"

Facts = Mapping[str, str]  #: of one target: by an operator's key `full`, `partial`, `none` or `unknown`


@dataclass(frozen=True, slots=True)
class Refused:
    """A placed operator that a target does not run fully, or of which nothing is known there."""

    key: str
    target: str
    support: str


@dataclass(frozen=True, slots=True)
class Intersection:
    space: Subset
    refused: tuple[Refused, ...]
    inferred: int  #: operators that were taken as supported because all their other contexts are


def intersect(space: Space, facts: Mapping[str, Facts], name: str) -> Intersection:
    """The choices of `space` whose every operator each target of `facts` runs fully.

    An operator that is not known in a context is taken as in the contexts where it is known, if it is full
    in all of those. As long as an operator that is not supported can still be reached, the choice goes
    that reaches the greatest share of such operators: the operator itself where it is supported nowhere,
    the filters where nothing is supported with them. CodeError where nothing would be left.
    """
    if not facts:
        raise CodeError("an intersection needs the facts of one target or more")
    refused: list[Refused] = []
    inferred = 0
    for target, known in facts.items():
        everywhere = _full_everywhere(space, known)
        for placed in space.placed:
            support = known.get(placed.key, UNKNOWN)
            if support == UNKNOWN and placed.operator in everywhere:
                inferred += 1
            elif support != FULL:
                refused.append(Refused(placed.key, target, support))
    keys = {each.key for each in refused}
    bad = np.array([*(placed.key in keys for placed in space.placed), False])
    chosen = _without(space, bad, refused)
    origin = {"intersection_of": sorted(facts)}
    return Intersection(Subset(space, name, chosen, origin), tuple(refused), inferred)


def _full_everywhere(space: Space, known: Facts) -> set[str]:
    found: dict[str, set[str]] = {}
    for placed in space.placed:
        support = known.get(placed.key, UNKNOWN)
        if support != UNKNOWN:
            found.setdefault(placed.operator, set()).add(support)
    return {operator for operator, supports in found.items() if supports == {FULL}}


def _without(
    space: Space, bad: np.ndarray[Any, np.dtype[np.bool_]], refused: list[Refused]
) -> dict[str, list[str]]:
    kept = [list(range(len(column.choices))) for column in space.columns]
    while True:
        shares = _shares(space, bad, kept)
        if not shares:
            break
        column, code = max(shares, key=lambda each: (shares[each], -each[0], -each[1]))
        kept[column].remove(code)
        if not kept[column]:
            raise _nothing_left(space.columns[column].name, refused)
    return {
        column.name: [column.choices[code] for code in codes]
        for column, codes in zip(space.columns, kept, strict=True)
    }


def _shares(
    space: Space, bad: np.ndarray[Any, np.dtype[np.bool_]], kept: list[list[int]]
) -> dict[tuple[int, int], float]:
    """For each kept choice that reaches a bad operator, the greatest share of such in one layer."""
    shares: dict[tuple[int, int], float] = {}
    for layer in space.layers:
        if not layer.columns:
            if bad[int(layer.placed)]:
                key = space.placed[int(layer.placed)].key
                raise CodeError(f"{key} is in every network, and not supported everywhere")
            continue
        placed = layer.placed[np.ix_(*(kept[column] for column in layer.columns))]
        reached, standing = bad[placed], placed != NOTHING
        for axis, column in enumerate(layer.columns):
            others = tuple(each for each in range(reached.ndim) if each != axis)
            counts = zip(kept[column], reached.sum(axis=others), standing.sum(axis=others), strict=True)
            for code, refused, all_ in counts:
                if refused:
                    shares[column, code] = max(shares.get((column, code), 0.0), float(refused / all_))
    return shares


def _nothing_left(column: str, refused: list[Refused]) -> CodeError:
    first = refused[0]
    return CodeError(
        f"nothing is left of {column}: {len(refused)} operators are not supported"
        f" (the first is {first.key} on {first.target}: {first.support})"
    )
