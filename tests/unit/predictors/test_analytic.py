"""Estimates without a predictor: right where their few words hold, and wide everywhere."""

import numpy as np
import pytest

from edgemeter_predictors.analytic import FEWEST, LEAST_DEVIATION, fit_analytic
from edgemeter_predictors.contract import NotApplicable

GENERATOR = np.random.default_rng(0)
MACS = GENERATOR.uniform(1e7, 1e9, 12)
PARAMETERS = GENERATOR.uniform(1e5, 1e7, 12)
EXACT_MS = 0.2 + 2e-8 * MACS + 1e-7 * PARAMETERS


def test_what_follows_its_equation_is_found_exactly_and_doubted_all_the_same():
    fitted = fit_analytic(MACS, PARAMETERS, EXACT_MS)
    assert fitted.latency_ms(MACS, PARAMETERS) == pytest.approx(EXACT_MS)
    interval = fitted.interval(EXACT_MS, 0.9)
    assert fitted.deviation == LEAST_DEVIATION
    assert (interval.high_ms / EXACT_MS > 2).all()
    assert interval.high_ms / EXACT_MS == pytest.approx(EXACT_MS / interval.low_ms)


def test_networks_that_disagree_make_it_wider():
    noisy_ms = EXACT_MS * np.exp(GENERATOR.normal(0, 1, 12))
    fitted = fit_analytic(MACS, PARAMETERS, noisy_ms)
    assert fitted.deviation > LEAST_DEVIATION
    assert (fitted.latency_ms(MACS, PARAMETERS) > 0).all()


def test_networks_without_weights_or_all_alike_still_tell_something():
    fitted = fit_analytic(np.full(FEWEST, 1e8), np.zeros(FEWEST), np.full(FEWEST, 3.0))
    assert fitted.latency_ms(np.array([1e8]), np.array([0.0])) == pytest.approx([3.0])


def test_a_unit_changes_nothing():
    seconds = fit_analytic(MACS, PARAMETERS, EXACT_MS / 1000)
    assert seconds.latency_ms(MACS, PARAMETERS) * 1000 == pytest.approx(EXACT_MS)


def test_too_few_are_refused():
    with pytest.raises(NotApplicable, match="needs 5 measured networks, there are 4"):
        fit_analytic(MACS[:4], PARAMETERS[:4], EXACT_MS[:4])
