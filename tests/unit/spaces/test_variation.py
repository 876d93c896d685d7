from typing import Final

import numpy as np
import pytest

from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError
from edgemeter.spaces.spos import Spos
from edgemeter.spaces.variation import crossover, mutate, neighbours

SPACE: Final = Spos()
ROWS: Final = sample(SPACE, 20_000, seed=2)


def test_neighbours_are_all_that_differ_in_one_code() -> None:
    found = neighbours(SPACE, ROWS[0])
    assert len(found) == len(np.unique(found, axis=0)) == 20 * 3 + 20 * 7
    assert ((found != ROWS[0]).sum(axis=1) == 1).all()


def test_mutation_replaces_at_its_rate_by_other_choices_alike() -> None:
    changed = mutate(SPACE, ROWS, rate=0.1, seed=3)
    assert (changed != ROWS).mean() == pytest.approx(0.1, abs=0.003)
    steps = (changed[:, 0].astype(int) - ROWS[:, 0]) % 4
    shares = np.bincount(steps[steps > 0], minlength=4)[1:] / (steps > 0).sum()
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)
    assert np.array_equal(changed, mutate(SPACE, ROWS, rate=0.1, seed=3))


@pytest.mark.parametrize(("rate", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_rates_at_their_ends(rate: float, share: float) -> None:
    assert (mutate(SPACE, ROWS[:50], rate, seed=1) != ROWS[:50]).mean() == share
    assert mutate(SPACE, ROWS[0], rate, seed=1).shape == (40,)


def test_children_have_each_code_from_a_parent() -> None:
    first, second = ROWS[:10_000], ROWS[10_000:]
    children = crossover(SPACE, first, second, seed=5, rate=0.25)
    assert ((children == first) | (children == second)).all()
    differ = first != second
    assert (children == second)[differ].mean() == pytest.approx(0.25, abs=0.005)


def test_moves_refuse_what_makes_no_sense() -> None:
    with pytest.raises(CodeError, match="pairs"):
        crossover(SPACE, ROWS[:2], ROWS[:3], seed=1)
    with pytest.raises(CodeError, match="between 0 and 1"):
        mutate(SPACE, ROWS[:2], rate=1.5, seed=1)
    with pytest.raises(CodeError, match="one row"):
        neighbours(SPACE, ROWS[:2])
    with pytest.raises(CodeError, match="20 codes"):
        neighbours(Hurricane(), ROWS[0])
