from dataclasses import replace

import numpy as np
import pytest

from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.lut import UNSEEN_RELATIVE_ERROR, Lut
from edgemeter_predictors.testing import CostModelContract
from tests.unit.predictors import blocks


class TestHierarchical(CostModelContract):
    worst_error = 0.03

    @pytest.fixture
    def model(self) -> Hierarchical:
        return Hierarchical()

    @pytest.fixture
    def data(self) -> SpaceData:
        return blocks.data()


class TestWithoutOverhead(TestHierarchical):
    worst_error = 0.04

    @pytest.fixture
    def model(self) -> Hierarchical:
        return Hierarchical(overhead=False)


def slower(data: SpaceData, family: str, factor: float) -> SpaceData:
    """The same networks on a device where one family takes longer than its table says."""
    assert data.table is not None
    of_family = [placed.family == family for placed in data.space.placed]
    truth = replace(data.table, latency_ms=data.table.latency_ms * np.where(of_family, factor, 1.0))
    latency_ms = Lut("sum").fit(replace(data, table=truth)).predict(data.codes).mean_ms
    return replace(data, latency_ms=latency_ms * 1.1)


def error(fitted_on: SpaceData, asked: SpaceData, model: Lut | Hierarchical) -> float:
    predicted = model.fit(fitted_on).predict(asked.codes).mean_ms
    return float(np.mean(np.abs(predicted / asked.latency_ms - 1)))


def test_without_networks_it_is_the_table_with_the_stated_prior() -> None:
    data = blocks.data()
    fitted = Hierarchical().fit(data.select(np.arange(0)))
    asked = blocks.sample(20, seed=9)
    prediction, plain = fitted.predict(asked), Lut("sum").fit(data).predict(asked)
    np.testing.assert_allclose(prediction.mean_ms, plain.mean_ms)
    assert (prediction.std_ms > UNSEEN_RELATIVE_ERROR * prediction.mean_ms).all()
    assert (prediction.std_ms < 2 * UNSEEN_RELATIVE_ERROR * prediction.mean_ms + 0.1).all()


def test_a_family_that_runs_slower_in_networks_is_found() -> None:
    data = slower(blocks.data(300, noise=0.0), "B", 1.3)
    few, asked = data.select(np.arange(40)), data.select(np.arange(40, 300))
    assert error(few, asked, Hierarchical()) < 0.3 * error(few, asked, Lut("affine"))


def test_with_many_networks_only_their_noise_is_left() -> None:
    data = blocks.data(600, noise=0.03)
    prediction = Hierarchical().fit(data).predict(data.codes)
    relative = prediction.std_ms / prediction.mean_ms
    assert 0.025 < relative.min() < relative.max() < 0.045


def test_it_is_unsure_where_no_network_has_been() -> None:
    data = blocks.data(300)
    without_skips = (data.codes[:, :6] != 5).all(axis=1)
    fitted = Hierarchical().fit(data.select(np.flatnonzero(without_skips)))
    skipping = blocks.sample(1).copy()
    skipping[:, :6] = [5, 5, 5, 5, 5, 0]
    seen, unseen = fitted.predict(data.codes[without_skips]), fitted.predict(skipping)
    assert unseen.std_ms[0] / unseen.mean_ms[0] > 1.2 * np.max(seen.std_ms / seen.mean_ms)


def test_an_operator_with_an_unsure_table_row_widens_what_it_stands_in() -> None:
    data = blocks.data(30)
    assert data.table is not None
    unsure = data.table.relative_error.copy()
    position = int(data.space.layers[1].placed[0])
    unsure[position] = 0.5
    wide = Hierarchical().fit(
        replace(data, table=replace(data.table, relative_error=unsure)).select(np.arange(0))
    )
    plain = Hierarchical().fit(data.select(np.arange(0)))
    asked = blocks.sample(50)
    wider = wide.predict(asked).std_ms > plain.predict(asked).std_ms * 1.001
    stands = (asked[:, :3] == 0).any(axis=1)
    np.testing.assert_array_equal(wider, stands)


@pytest.mark.parametrize("rows", [25, 400])
def test_rotated_rows_say_what_all_rows_say(rows: int) -> None:
    """More rows than weights are reduced first; measured twice, everything is only surer."""
    data = blocks.data(rows)
    twice = data.select(np.repeat(np.arange(rows), 2))
    once = Hierarchical().fit(data).predict(data.codes)
    again = Hierarchical().fit(twice).predict(data.codes)
    np.testing.assert_allclose(again.mean_ms, once.mean_ms, rtol=0.02)
    assert again.std_ms.mean() < 1.02 * once.std_ms.mean()
