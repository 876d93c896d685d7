from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import check_grad

from edgemeter.spaces.nasbench201 import NasBench201
from edgemeter.spaces.space import Codes
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.gaussian import evidence
from edgemeter_predictors.gaussian.kernel import Rows, distances, rows_of
from edgemeter_predictors.gaussian_process import GaussianProcess
from edgemeter_predictors.judging.folds import folds
from edgemeter_predictors.selection import select
from edgemeter_predictors.testing import CostModelContract
from tests.unit.predictors import blocks

CELLS = np.array(list(product(range(5), repeat=6)), np.uint8)
#: What an edge's operator adds, in the order of nasbench201's.
COST_MS = np.array([0.0, 0.1, 1.0, 4.0, 0.7])


def cells(rows: int, seed: int, noise: float, view: str | None) -> SpaceData:
    """Latencies of a runtime that runs what `view` leaves, and pays for two 3x3 convolutions in a row."""
    space, rng = NasBench201(), np.random.default_rng(seed)
    codes: Codes = rng.permutation(CELLS[space.computes(CELLS)])[:rows]
    run = codes if view is None else space.compiled(codes)[view]
    latency_ms = 2 + COST_MS[run].sum(axis=1) + 2.0 * ((run[:, 0] == 3) & (run[:, 4] == 3))
    return SpaceData(space, codes, latency_ms * (1 + noise * rng.standard_normal(len(codes))))


class TestGaussianProcess(CostModelContract):
    @pytest.fixture
    def model(self) -> GaussianProcess:
        return GaussianProcess(iterations=25)

    @pytest.fixture
    def data(self) -> SpaceData:
        return blocks.data(60)


def test_the_slope_is_that_of_the_evidence() -> None:
    data = cells(30, seed=1, noise=0.02, view="folded")
    rows = rows_of(data.space, data.codes)
    relative = data.latency_ms / data.latency_ms.mean()
    targets = (relative - 1) / relative.std()
    between = distances(rows, rows)

    def value(theta: evidence.Array) -> float:
        return evidence._slope(theta, between, targets, relative)[0]

    def slope(theta: evidence.Array) -> evidence.Array:
        return evidence._slope(theta, between, targets, relative)[1]

    for seed in range(3):
        theta = np.random.default_rng(seed).normal(-1, 0.5, 13)
        assert check_grad(value, slope, theta) < 1e-4 * np.linalg.norm(slope(theta))


@pytest.mark.parametrize("view", [None, "pruned", "unread", "folded"])
def test_it_finds_how_the_runtime_prunes(view: str | None) -> None:
    data = cells(160, seed=3, noise=0.01, view=view)
    asked = cells(400, seed=4, noise=0.0, view=view)
    fitted = GaussianProcess(iterations=20).fit(data)
    assert fitted.view == (view or "as written")
    assert np.mean(np.abs(fitted.predict(asked.codes).mean_ms / asked.latency_ms - 1)) < 0.02


def test_it_is_surer_of_what_it_has_seen_and_never_surer_than_the_noise() -> None:
    data = cells(80, seed=5, noise=0.03, view=None)
    fitted = GaussianProcess(iterations=20).fit(data)
    seen = fitted.predict(data.codes).std_ms / data.latency_ms
    unseen = fitted.predict(cells(2_000, seed=6, noise=0.0, view=None).codes[80:])
    assert np.median(seen) < np.median(unseen.std_ms / unseen.mean_ms)
    assert seen.min() > 0.01


def test_rows_over_the_most_are_left_out_and_told() -> None:
    data = cells(60, seed=7, noise=0.03, view=None)
    assert "20 networks left out" in GaussianProcess(iterations=1, most_rows=40).fit(data).explanation


def test_a_handful_of_networks_is_too_few() -> None:
    with pytest.raises(NotApplicable, match="needs 8 measured networks, there are 5"):
        GaussianProcess().fit(cells(5, 0, 0.0, None))


def test_it_knows_what_it_would_have_said_without_each_fold() -> None:
    fitted = GaussianProcess(iterations=10).fit(cells(60, seed=8, noise=0.02, view=None))
    held_out = fitted.held_out(count=5, seed=1)
    same = np.unique(fitted.known.codes, axis=0, return_inverse=True)[1]
    for kept, held in folds(same, 5, 1):
        known = Rows(fitted.known.codes[kept], fitted.known.counts[kept])
        values = (held_out.latency_ms - fitted.mean_ms) / fitted.scale_ms
        relative = held_out.latency_ms / fitted.mean_ms
        less = evidence.solve(known, values[kept], relative[kept], fitted.found)
        without = replace(fitted, known=known, chol=less.chol, solved=less.solved)
        prediction = without.predict(np.asfortranarray(fitted.known.codes[held]))
        np.testing.assert_allclose(prediction.mean_ms, held_out.mean_ms[held], rtol=1e-6)
        np.testing.assert_allclose(prediction.std_ms, held_out.std_ms[held], rtol=1e-6)


def test_choosing_foresees_how_sure_it_will_be() -> None:
    """Of a process with the same hyperparameters that has seen what was chosen, just as it was predicted."""
    fitted = GaussianProcess(iterations=10).fit(cells(30, seed=9, noise=0.02, view="folded"))
    pool = np.asfortranarray(CELLS[::80])
    before = fitted.predict(pool)
    told = select(fitted, pool, 5)
    values = np.append(
        fitted.chol @ (fitted.chol.T @ fitted.solved),
        (before.mean_ms[told.rows] - fitted.mean_ms) / fitted.scale_ms,
    )
    rows = fitted._rows(pool[told.rows])
    known = Rows(
        np.concatenate([fitted.known.codes, rows.codes]), np.concatenate([fitted.known.counts, rows.counts])
    )
    relative = (fitted.mean_ms + fitted.scale_ms * values) / fitted.mean_ms
    more = evidence.solve(known, values, relative, fitted.found)
    after = replace(fitted, known=known, chol=more.chol, solved=more.solved).predict(pool)
    np.testing.assert_allclose(after.mean_ms, before.mean_ms, rtol=1e-6)
    unknown = np.square(after.std_ms) - fitted.joint(pool).noise
    scale = np.maximum(before.mean_ms, before.std_ms)
    assert told.deviation[-1] == pytest.approx(np.sqrt(np.mean(unknown / np.square(scale))), rel=1e-6)
    assert told.deviation[-1] < 0.8 * told.deviation[0]
