"""Learning curves, and residuals by what dominates a network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.sums import sum_over_layers
from edgemeter_predictors.commands.families import residuals_by_family
from edgemeter_predictors.commands.measured import Foreseen
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import OperatorTable, SpaceData
from edgemeter_predictors.learning import learning_curve, sizes
from edgemeter_predictors.lut import Lut

SPACE = find_space("hurricane")
COSTS = np.linspace(0.1, 3.0, len(SPACE.placed))


@given(st.integers(0, 3000))
def test_sizes_grow_and_leave_networks_to_ask_about(networks):
    found = sizes(networks)
    assert found == sorted(set(found))
    assert all(3 <= size <= networks - 5 for size in found)
    assert bool(found) == (networks >= 8)


def test_a_curve_falls_to_what_the_model_can():
    codes = sample(SPACE, 30, seed=2)
    keyed = ((placed.key, float(ms), 0.01) for placed, ms in zip(SPACE.placed, COSTS, strict=True))
    table = OperatorTable.of(SPACE, [*keyed, ("no operator", 1.0, 0.01)])
    assert np.array_equal(table.latency_ms, COSTS)
    noise = 1 + 0.02 * np.random.default_rng(1).standard_normal(30)
    data = SpaceData(SPACE, codes, noise * (2 + sum_over_layers(SPACE, COSTS, codes)), table)
    curve = learning_curve(Lut(), data, draws=2)
    assert curve.networks.tolist() == sizes(30)
    assert curve.errors_percent.shape == (len(curve.networks), 2)
    assert 0.5 < curve.errors_percent[-1].mean() < 4
    with pytest.raises(NotApplicable, match="too few"):
        learning_curve(Lut(), data.select(np.arange(5)), draws=1)


def test_each_network_counts_for_the_family_that_takes_most():
    codes = sample(SPACE, 200, seed=4)
    measured = np.linspace(1, 2, 200)
    layers = np.zeros((200, len(SPACE.layers)))
    decided = next(at for at, layer in enumerate(SPACE.layers) if layer.columns)
    layers[:, decided] = 1.0
    layers[:, 0] = 9.0  # the stem, which no code decides
    found = residuals_by_family(SPACE, Foreseen(codes, measured, measured / 1.1, measured, measured, layers))
    assert sum(map(len, found.values())) == 200
    column = SPACE.layers[decided].columns[0]
    placed = SPACE.layers[decided].placed
    families = {SPACE.placed[placed[code]].family for code in np.unique(codes[:, column])}
    assert set(found) == families
    assert np.concatenate(list(found.values())) == pytest.approx(10)
