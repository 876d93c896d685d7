"""f_avg and f_max: the paper's own table, and intervals that hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.metrics.multi_hardware import f_avg, f_max, factors, joint_high_ms

#: Table 1 of the paper: CPU float, CPU uint8, GPU, DSP, EdgeTPU; then f_avg and f_max as printed.
PRINTED = {
    "MobilenetV1 1.25": ((54.7, 18.2, 7.12, 3.72, 2.84), 1.36, 1.49),
    "MobilenetV2 1.25": ((38.8, 16.6, 5.74, 4.97, 2.93), 1.28, 1.62),
    "MobilenetV3Large min 1.25": ((27.7, 12.6, 4.56, 3.81, 2.58), 1.00, 1.25),
    "ProxylessNAS-Mobile": ((27.6, 14.8, 5.92, 3.90, 3.09), 1.14, 1.30),
    "Mobilenet-EdgeTPU": ((59.3, 19.4, 7.52, 4.29, 2.67), 1.44, 1.61),
    "Multi-AVG": ((31.0, 13.9, 5.40, 3.81, 2.40), 1.06, 1.25),
    "Multi-MAX": ((25.2, 11.7, 4.47, 3.38, 2.22), 0.91, 1.10),
}
#: MobileNetV1 of width 1, which the paper does not print: what agrees with all of the above to a rounding.
C_MS = (36.724, 13.133, 4.7634, 3.0596, 2.3856)
MS = st.floats(0.01, 1000)
WEIGHTS = st.lists(st.integers(0, 10), min_size=3, max_size=3).filter(any)


def test_the_papers_table():
    latency, average, largest = (np.array(column) for column in zip(*PRINTED.values(), strict=True))
    assert f_avg(latency, factors(C_MS)) == pytest.approx(average, abs=0.005)
    assert f_max(latency, factors(C_MS)) == pytest.approx(largest, abs=0.005)


@given(st.lists(MS, min_size=3, max_size=3), WEIGHTS, st.floats(0.1, 10))
def test_weights_count_in_proportion(reference, weights, scale):
    c, scaled = factors(reference, weights), factors(reference, [scale * weight for weight in weights])
    latency = np.array([[1.0, 2.0, 3.0]])
    assert f_avg(latency, c) == pytest.approx(f_avg(latency, scaled))
    assert f_avg(np.array([reference]), c) == pytest.approx(1)
    assert (f_avg(latency, c) <= f_max(latency, c) * (1 + 1e-12)).all()


def test_weight_none_leaves_a_target_out():
    """The paper's extreme case: all factors infinite but one."""
    c = factors([2.0, 5.0], [1.0, 0.0])
    assert f_avg(np.array([[3.0, 1e9]]), c) == pytest.approx(1.5)


@pytest.mark.parametrize("targets", [1, 2, 5])
@pytest.mark.parametrize("together", [False, True])
def test_intervals_hold_what_they_promise(targets, together):
    """Whether all targets err together or each for itself; equal ratios are the hardest for f_max."""
    draws, c = 20_000, factors(np.ones(targets))
    mean, std = np.full((1, targets), 10.0), 0.5
    errors = np.random.default_rng(1).normal(0, std, (draws, 1 if together else targets))
    low, high = mean - 1.645 * std, mean + 1.645 * std
    truth = mean + errors
    averages, largest = f_avg(truth, c), f_max(truth, c)
    held = (f_avg(low, c) <= averages) & (averages <= f_avg(high, c))
    assert held.mean() > 0.89
    held = (f_max(low, c) <= largest) & (largest <= f_max(joint_high_ms(mean, high, 0.9, c), c))
    assert held.mean() > 0.89


@pytest.mark.parametrize(
    ("reference", "weights", "words"),
    [
        ([], None, "one latency for each"),
        ([1.0, 0.0], None, "positive"),
        ([1.0, 2.0], [1.0], "one weight"),
        ([1.0], [-1.0], "0 or more"),
        ([1.0, 2.0], [0.0, 0.0], "above 0"),
    ],
)
def test_what_is_no_reference_is_refused(reference, weights, words):
    with pytest.raises(ValueError, match=words):
        factors(reference, weights)
