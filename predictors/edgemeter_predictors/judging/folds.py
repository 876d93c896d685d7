"""Which rows are held out together: a network measured twice is never on both sides."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


def folds(same: Rows, count: int, seed: int = 0) -> Iterator[tuple[Rows, Rows]]:
    """(kept, held out) `count` times, or as often as there are different networks; `same` numbers them.
    Every row is held out once.
    """
    different, number = np.unique(same, return_inverse=True)
    count = min(count, len(different))
    order = np.random.default_rng(seed).permutation(len(different))
    fold = order[number.reshape(-1)] % max(count, 1)
    for n in range(count):
        yield np.flatnonzero(fold != n), np.flatnonzero(fold == n)


def stratified_split(kinds: NDArray[np.str_], count: int, seed: int) -> tuple[Rows, Rows]:
    """(train, test): `count` rows, of each kind its share (at least one), and all the others."""
    rng = np.random.default_rng(seed)
    quota = {kind: max(1, round(count * np.mean(kinds == kind))) for kind in np.unique(kinds)}
    chosen = [rng.permutation(np.flatnonzero(kinds == kind))[:share] for kind, share in quota.items()]
    train = np.sort(np.concatenate(chosen))
    return train, np.setdiff1d(np.arange(len(kinds)), train)
