from collections.abc import Mapping
from math import exp, log
from typing import Final

import numpy as np
import pytest

from edgemeter.spaces.costs import placed_costs
from edgemeter.spaces.counting import position_of
from edgemeter.spaces.hurricane import OPERATORS, Hurricane
from edgemeter.spaces.scores import Latency, aware_space, rank
from edgemeter.spaces.size import size
from edgemeter.spaces.space import CodeError
from edgemeter.spaces.spos import Spos

SPACE: Final = Hurricane()
COSTS: Final = placed_costs(SPACE)


def latencies(spread: float = 0.0, **changed: float) -> dict[str, Latency]:
    """One microsecond a million multiply-adds and half a microsecond a kernel; `changed` operators take
    that many times longer.
    """
    result = {}
    for placed, macs, kernels in zip(SPACE.placed, COSTS.macs, COSTS.kernels, strict=True):
        value = float(macs * 1e-6 + kernels * 0.5) * 1e-3 * changed.get(placed.operator, 1.0)
        result[placed.key] = Latency(value, value * (1 - spread), value * (1 + spread))
    return result


def by_hand(key: str, alpha: float, known: Mapping[str, Latency]) -> float:
    position = position_of(SPACE, key)
    size_ = float(COSTS.macs[position]) * float(COSTS.parameters[position])
    return float(size_**alpha / known[key].latency_ms)


def test_scores_of_a_layer_are_eq_2() -> None:
    known = latencies()
    rankings = rank(SPACE, known, alpha=0.1, by_stage=False)
    assert [ranking.layers for ranking in rankings] == [(number,) for number in range(1, 21)]
    scores = rankings[4].scores
    assert [score.score for score in scores] == sorted((score.score for score in scores), reverse=True)
    for score in scores[:3]:
        assert score.score == pytest.approx(by_hand(f"{score.operator}|56x56x64->160|s2", 0.1, known))


def test_scores_of_a_stage_are_geometric_means_of_its_layers() -> None:
    known = latencies()
    stages = rank(SPACE, known, alpha=0.2)
    assert [(stage.layers[0], stage.layers[-1], stage.stage) for stage in stages] == [
        (1, 4, "56x56x64"),
        (5, 8, "28x28x160"),
        (9, 16, "14x14x320"),
        (17, 20, "7x7x640"),
    ]
    found = {score.operator: score.score for score in stages[2].scores}
    first = by_hand("MB_3_1|28x28x160->320|s2", 0.2, known)
    other = by_hand("MB_3_1|14x14x320->320|s1", 0.2, known)
    assert found["MB_3_1"] == pytest.approx(exp((log(first) + 7 * log(other)) / 8))


def test_without_alpha_the_fastest_is_first() -> None:
    scores = rank(SPACE, latencies(SEP_3=0.001), alpha=0.0)[0].scores
    assert scores[0].operator == "SEP_3"


def test_near_ties_are_ties_and_clear_orders_are_not() -> None:
    exact = rank(SPACE, latencies(), alpha=0.1, by_stage=False)[1].scores
    assert not any(score.tied for score in exact[:4])
    loose = rank(SPACE, latencies(spread=0.5), alpha=0.1, by_stage=False)[1].scores
    assert loose[1].tied
    assert loose[1].low < loose[0].score < loose[1].high
    assert not loose[0].tied


def test_layers_that_share_a_measurement_share_its_error() -> None:
    # Layers 2 to 4 are one measurement: their mean is no surer than it is.
    stage = rank(SPACE, latencies(spread=0.1), alpha=0.1)[0].scores[0]
    spread = log(stage.high / stage.low) / 2
    assert spread == pytest.approx(np.hypot(0.25 * 0.1, 0.75 * 0.1))


def test_with_the_whole_network_differences_shrink() -> None:
    alone = rank(SPACE, latencies(), alpha=0.0, by_stage=False)[16].scores
    whole = rank(SPACE, latencies(), alpha=0.0, by_stage=False, whole_network=True)[16].scores
    assert [each.operator for each in whole] == [each.operator for each in alone]
    assert whole[0].score / whole[-1].score < 2 < alone[0].score / alone[-1].score


def test_the_hardware_aware_space_has_the_paper_s_size() -> None:
    space = aware_space(SPACE, rank(SPACE, latencies()), "aware", explore=range(17, 21))
    assert size(space) == 4**16 * 5**4 == 2_684_354_560_000
    fifth = rank(SPACE, latencies())[3].scores[4].operator
    assert space.columns[19].choices[-1] == fifth


def test_the_exploring_operator_may_be_any_further_one() -> None:
    rankings = rank(SPACE, latencies())
    space = aware_space(SPACE, rankings, "aware", top=2, explore=[20], exploring_rank=9)
    assert space.columns[19].choices[2] == rankings[3].scores[8].operator
    assert len(space.columns[18].choices) == 2


def test_what_is_not_measured_has_no_score_and_is_told() -> None:
    known = latencies()
    del known["SEP_3|56x56x64->64|s1"]
    first = rank(SPACE, known)[0]
    assert first.unmeasured == ("SEP_3",)
    assert len(first.scores) == len(OPERATORS) - 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"top": 0}, "after the first"),
        ({"top": 4, "exploring_rank": 4}, "after the first 4"),
        ({"explore": [21]}, "1 to 20, not 21"),
        ({"top": 33}, "has 32 measured operators"),
    ],
)
def test_choices_that_cannot_be_made_are_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(CodeError, match=said):
        aware_space(SPACE, rank(SPACE, latencies()), "aware", **options)  # type: ignore[arg-type]


def test_scores_need_latencies_and_one_column_a_layer() -> None:
    with pytest.raises(CodeError, match="alpha is 0 or more"):
        rank(SPACE, latencies(), alpha=-1)
    with pytest.raises(CodeError, match="no operator of stem is measured"):
        rank(SPACE, {}, whole_network=True)
    with pytest.raises(CodeError, match="not one column's choice"):
        rank(Spos(), {})
