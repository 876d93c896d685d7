"""What a predictor would have measured next: in a real child process."""

import numpy as np
import pytest

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.sums import sum_over_layers
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.campaigns import CampaignPlan
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.gaussian_process import GaussianProcess
from edgemeter_predictors.saving.predictors import save
from edgemeter_predictors.training import judged
from edgemeter_predictors.transfer import Transfer
from edgemeter_predictors.transferred import Source
from edgemeter_server.campaigns.planning import chosen_architectures
from edgemeter_server.predictors.choosing import ChooseError, choose_in_child

SPACE = find_space("hurricane")
CODES = sample(SPACE, 20, seed=6)
DATA = SpaceData(SPACE, CODES, sum_over_layers(SPACE, np.linspace(0.1, 3.0, len(SPACE.placed)), CODES))
PLAN = CampaignPlan(space="hurricane", targets=("t",), architectures=4, test=3)


def saved(model):
    return judged(model.fit(DATA), None, DATA)


def test_it_chooses_what_is_new_and_teaches_more_than_a_draw():
    predictor = saved(BayesianRidge())
    drawn = chosen_architectures(SPACE, 7, PLAN.seed)
    measured = {to_text(SPACE, row) for row in CODES} | set(drawn[:2])
    chosen = choose_in_child(PLAN, save(predictor, SPACE), measured)
    assert len(set(chosen)) == 4
    assert not measured & set(chosen)
    assert not set(drawn[4:]) & set(chosen)  # tests stay tests

    def doubt(texts):
        prediction = predictor.predict(np.array([from_text(SPACE, text) for text in texts], np.uint8))
        return float(np.mean(prediction.std_ms / prediction.mean_ms))

    assert doubt(chosen) > doubt(drawn)


def test_it_looks_where_a_search_has_been_asking():
    predictor = saved(BayesianRidge())
    narrow = sample(SPACE, 40, 9)
    narrow[:, 1:] = narrow[0, 1:]  # a search that has settled all layers but the first
    plain, focused = (
        choose_in_child(PLAN, save(predictor, SPACE), (), asked)
        for asked in (b"", np.ascontiguousarray(narrow).tobytes())
    )
    searched = {to_text(SPACE, row) for row in narrow}
    assert not searched & set(plain)
    assert searched & set(focused)


def test_a_gaussian_process_chooses():
    content = save(saved(GaussianProcess(iterations=2)), SPACE)
    assert len(choose_in_child(PLAN, content, ())) == 4


def test_a_model_that_starts_from_other_targets_says_that_it_cannot_tell():
    other = saved(BayesianRidge()).fitted
    content = save(saved(Transfer((Source("other", other),))), SPACE)
    with pytest.raises(ChooseError, match="the model transfer does not tell"):
        choose_in_child(PLAN, content, ())


def test_a_file_that_is_none_is_refused():
    content = save(saved(BayesianRidge()), SPACE)
    with pytest.raises(ChooseError):
        choose_in_child(PLAN, content[:-9], ())
