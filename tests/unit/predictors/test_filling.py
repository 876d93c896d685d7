from dataclasses import replace

import numpy as np
import pytest

from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import OperatorTable
from edgemeter_predictors.filling import filled
from edgemeter_predictors.hierarchical import Hierarchical
from tests.unit.predictors import blocks


def regular() -> OperatorTable:
    """Latencies that operator and context multiply to, with 5 % of their own."""
    placed = blocks.SPACE.placed
    operator = {word: 0.3 + 0.4 * n for n, word in enumerate(dict.fromkeys(each.operator for each in placed))}
    own = np.random.default_rng(0).normal(1, 0.05, len(placed))
    area = [each.context.height * each.context.channels_out / 900 for each in placed]
    latency_ms = np.array([operator[each.operator] for each in placed]) * area * own
    return OperatorTable(latency_ms, np.full(len(placed), 0.02))


def without(table: OperatorTable, positions: list[int]) -> OperatorTable:
    latency_ms, error = table.latency_ms.copy(), table.relative_error.copy()
    latency_ms[positions], error[positions] = np.nan, np.nan
    return OperatorTable(latency_ms, error)


def test_a_missing_operator_is_guessed_from_its_like_and_says_how_well() -> None:
    table, missing = regular(), [2, 9, 14]
    completed = filled(blocks.SPACE, without(table, missing))
    np.testing.assert_array_equal(completed.guessed, missing)
    relative = completed.table.latency_ms[missing] / table.latency_ms[missing] - 1
    assert (np.abs(relative) < 0.5).all()
    assert (completed.table.relative_error[missing] > 0.04).all()
    assert "3 of 16" in completed.explanation


def test_measured_operators_stay_as_they_are() -> None:
    table = regular()
    completed = filled(blocks.SPACE, without(table, [4]))
    known = np.arange(len(table.latency_ms)) != 4
    np.testing.assert_array_equal(completed.table.latency_ms[known], table.latency_ms[known])
    assert filled(blocks.SPACE, table).explanation == ""


def test_too_little_is_no_ground_for_guesses() -> None:
    with pytest.raises(NotApplicable, match="only 6 of 16"):
        filled(blocks.SPACE, without(regular(), list(range(10))))


def test_the_hierarchical_model_is_less_sure_where_a_guess_stands_and_names_it() -> None:
    data = replace(blocks.data(40), table=regular()).select(np.arange(0))
    gap = replace(data, table=without(regular(), [int(data.space.layers[1].placed[1])]))
    plain, guessing = Hierarchical().fit(data), Hierarchical().fit(gap)
    assert "1 of 16 operators were not measured" in guessing.explanation
    asked = blocks.sample(60, 2)
    stands = (asked[:, :3] == 1).any(axis=1)
    one, other = plain.predict(asked), guessing.predict(asked)
    wider = (other.std_ms / other.mean_ms) / (one.std_ms / one.mean_ms)
    assert wider[stands].min() > 1.0001
    np.testing.assert_allclose(wider[~stands], 1, rtol=1e-9)
