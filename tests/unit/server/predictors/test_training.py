"""Training in a real child process: a snapshot goes in, a saved predictor comes out."""

import numpy as np
import pytest

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.sums import sum_over_layers
from edgemeter.spaces.text import to_text
from edgemeter_predictors.saving.predictors import load
from edgemeter_server.predictors.material import FitError, Material, SavedSource
from edgemeter_server.predictors.snapshots import Labelled, Snapshot
from edgemeter_server.predictors.training import train_in_child

SPACE = find_space("hurricane")
COSTS = np.linspace(0.1, 3.0, len(SPACE.placed))


def labelled(text, latency_ms, number):
    return Labelled(text=text, latency_ms=latency_ms, relative_error=0.02, measurement_id=number)


def snapshot(train=12, tests=4):
    codes = sample(SPACE, train + tests, seed=3)
    latencies = 1.1 * sum_over_layers(SPACE, COSTS, codes)
    rows = [
        labelled(to_text(SPACE, row), float(ms), number)
        for number, (row, ms) in enumerate(zip(codes, latencies, strict=True), 1)
    ]
    operators = tuple(
        labelled(placed.key, float(ms), 1000 + number)
        for number, (placed, ms) in enumerate(zip(SPACE.placed, COSTS, strict=True))
    )
    return Snapshot(operators=operators, training=tuple(rows[:train]), tests=tuple(rows[train:]))


def material(model, data, sources=(), **about):
    return Material("hurricane", model, data, tuple(sources), about)


def test_a_child_trains_a_predictor_that_this_process_reads():
    trained = train_in_child(material("hierarchical", snapshot(), target="t"))
    assert (trained.model, trained.operators, trained.networks) == ("hierarchical", 258, 12)
    assert trained.tested is not None
    assert trained.tested.mape_percent < 2
    predictor = load(trained.file, SPACE)
    codes = sample(SPACE, 50, seed=9)
    truth = 1.1 * sum_over_layers(SPACE, COSTS, codes)
    assert np.abs(predictor.predict(codes).mean_ms / truth - 1).mean() < 0.02
    assert predictor.about["target"] == "t"


def test_a_new_target_starts_from_the_predictors_of_others():
    """Eight networks and no operators: far too few for any other model of 640 one-hot features."""
    other = train_in_child(material("lut", snapshot()))
    few = Snapshot(operators=(), training=snapshot(train=8, tests=0).training, tests=snapshot().tests)
    source = SavedSource("t", 7, other.file)
    trained = train_in_child(material("auto", few, [source], target="u"))
    assert trained.model == "transfer"
    assert "nearest: t 100%" in trained.explanation
    assert trained.tested.mape_percent < 3
    assert load(trained.file, SPACE).about["sources"] == {"t": 7}
    with pytest.raises(FitError, match="predictors of other targets"):
        train_in_child(material("transfer", few))


def test_the_same_data_have_the_same_name():
    assert snapshot().sha256 == snapshot().sha256 != snapshot(train=13, tests=3).sha256


def test_what_cannot_be_fitted_is_said_in_words():
    empty = Snapshot(operators=(), training=(), tests=())
    with pytest.raises(FitError, match="measured operators"):
        train_in_child(material("hierarchical", empty))
    with pytest.raises(FitError, match="edgemeter profile hurricane --target t"):
        train_in_child(material("auto", empty, target="t"))
    with pytest.raises(FitError, match="no model is called"):
        train_in_child(material("magic", empty))
