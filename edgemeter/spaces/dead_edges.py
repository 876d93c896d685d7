"""What compilers leave of a cell in which `none` is a multiplication by zero, as NAS-Bench-201 exports it.

An operator that is fed zeros still runs, one whose result nobody reads does not: that is `unread`. Two more
habits are seen on mobile compilers, together `folded`: a sum with zeros is its other term, so that a skip
from zeros is `none`; and a zero is folded into the weights of the one operator that it multiplies, which
then runs for nothing, while a multiplied sum is gone, and its terms with it.
"""

from collections.abc import Mapping
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes

Edges = tuple[tuple[int, int], ...]
Mask = NDArray[np.bool_]

NONE: Final = 0
SKIP: Final = 1


def compiled_cells(codes: Codes, edges: Edges) -> Mapping[str, Codes]:
    """(n, edges) codes, those of edges that are not left being `none`. The input is the first node, the
    output the last one; an edge leads to a later node than it comes from.
    """
    present = [codes[:, number] != NONE for number in range(len(edges))]
    fed = _without_skipped_zeros(codes, edges, present)
    return {
        "unread": _kept(codes, _read(edges, present, folding=False)),
        "folded": _kept(codes, _read(edges, fed, folding=True)),
    }


def _without_skipped_zeros(codes: Codes, edges: Edges, present: list[Mask]) -> list[Mask]:
    zero = {0: np.zeros(len(codes), dtype=bool)}
    left = list(present)
    for node in range(1, _output(edges) + 1):
        for number, (source, target) in enumerate(edges):
            if target == node:
                left[number] = present[number] & ~((codes[:, number] == SKIP) & zero[source])
        zero[node] = ~_any([left[number] for number in _into(edges, node)])
    return left


def _read(edges: Edges, present: list[Mask], *, folding: bool) -> list[Mask]:
    """Which operators run: from the output backwards, those of nodes that are read."""
    runs = list(present)
    for node in range(_output(edges) - 1, 0, -1):
        leaving = [number for number, (source, _) in enumerate(edges) if source == node]
        stays = _any([runs[number] for number in leaving])
        entering = _into(edges, node)
        if folding:
            removed = _any([present[number] & ~runs[number] for number in leaving])
            alone = np.sum([present[number] for number in entering], axis=0) == 1
            stays = stays | (alone & ~removed)
        for number in entering:
            runs[number] = present[number] & stays
    return runs


def _into(edges: Edges, node: int) -> list[int]:
    return [number for number, (_, target) in enumerate(edges) if target == node]


def _output(edges: Edges) -> int:
    return max(target for _, target in edges)


def _any(masks: list[Mask]) -> Mask:
    return reduce(np.logical_or, masks)


def _kept(codes: Codes, runs: list[Mask]) -> Codes:
    return np.asfortranarray(np.where(np.stack(runs, axis=1), codes, np.uint8(NONE)))
