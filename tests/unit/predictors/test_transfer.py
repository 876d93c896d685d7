from dataclasses import replace

import numpy as np
import pytest

from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.testing import CostModelContract
from edgemeter_predictors.transfer import Transfer
from edgemeter_predictors.transferred import Source
from tests.unit.predictors import blocks


def costs(device: int, kind: int) -> np.ndarray:
    """What a device pays for each choice of each column; devices of a kind differ by little."""
    of_kind = np.random.default_rng(kind).uniform(0.2, 3.0, (len(blocks.SPACE.columns), 6))
    return of_kind * np.random.default_rng(100 + device).uniform(0.9, 1.1, of_kind.shape)


def device(rows: int, number: int, kind: int, seed: int = 0) -> SpaceData:
    codes = blocks.sample(rows, seed)
    paid = costs(number, kind)
    latency_ms = 2 + np.sum([paid[n][codes[:, n]] for n in range(codes.shape[1])], axis=0)
    noise = 1 + 0.01 * np.random.default_rng(seed).standard_normal(rows)
    return SpaceData(blocks.SPACE, codes, latency_ms * noise)


def sources(kinds: list[int]) -> tuple[Source, ...]:
    """Devices 0, 1, ... of these kinds, each ten times as fast as the one before."""
    found = []
    for number, kind in enumerate(kinds):
        data = device(300, number, kind, seed=number)
        fast = replace(data, latency_ms=data.latency_ms / 10**number)
        found.append(Source(f"device{number}", Linear().fit(fast)))
    return tuple(found)


class TestTransfer(CostModelContract):
    @pytest.fixture
    def model(self) -> Transfer:
        return Transfer(sources([0, 0, 1]))

    @pytest.fixture
    def data(self) -> SpaceData:
        return device(48, 9, kind=0, seed=9)


def test_it_finds_the_sources_that_are_like_the_target() -> None:
    fitted = Transfer(sources([0, 1, 1, 2])).fit(device(10, 7, kind=2, seed=7))
    assert fitted.sources[fitted.hypotheses[0].nearest].name == "device3"
    assert "nearest: device3" in fitted.explanation


def test_ten_networks_are_enough_where_a_hundred_would_be_without_sources() -> None:
    asked = device(500, 7, kind=1, seed=8)

    def error(fitted: object) -> float:
        return float(np.mean(np.abs(fitted.predict(asked.codes).mean_ms / asked.latency_ms - 1)))  # type: ignore[attr-defined]

    few = device(10, 7, kind=1, seed=7)
    assert error(Transfer(sources([0, 1, 2])).fit(few)) < 0.04
    assert error(Hierarchical().fit(replace(few, table=blocks.data(1).table))) > 0.1


def test_its_spread_covers_what_few_networks_leave_open() -> None:
    asked, known = device(400, 7, kind=0, seed=8), sources([0, 0, 1, 2])
    inside = []
    for seed in range(10):
        prediction = Transfer(known).fit(device(8, 7, kind=0, seed=20 + seed)).predict(asked.codes)
        inside.append(np.abs(prediction.mean_ms - asked.latency_ms) < 1.645 * prediction.std_ms)
    assert 0.8 < np.mean(inside) <= 1.0


def test_it_wants_sources_and_three_networks() -> None:
    with pytest.raises(NotApplicable, match="predictors of other targets"):
        Transfer().fit(device(10, 0, 0))
    with pytest.raises(NotApplicable, match="needs 3 measured networks, there are 2"):
        Transfer(sources([0])).fit(device(2, 0, 0))
