"""Models by the names that users write."""

from collections.abc import Sequence
from difflib import get_close_matches

from edgemeter.spaces.space import Codes
from edgemeter_predictors.auto import CANDIDATES, Auto
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.comparisons import GradientBoosting, RandomForest
from edgemeter_predictors.contract import CostModel, NotApplicable
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.gaussian_process import GaussianProcess
from edgemeter_predictors.hierarchical import Hierarchical
from edgemeter_predictors.linear import Linear
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.transfer import Transfer
from edgemeter_predictors.transferred import Source

Model = CostModel[SpaceData, Codes]


def find_model(name: str, sources: Sequence[Source] = ()) -> Model:
    """Without settings. With predictors of other targets `auto` tries `transfer` before all others but the
    one that knows the target's own operators. Raises NotApplicable for a name that no model has.
    """
    transfer = Transfer(tuple(sources))
    models: dict[str, Model] = {
        each.name: each
        for each in (
            Auto(candidates=(CANDIDATES[0], transfer, *CANDIDATES[1:]) if sources else CANDIDATES),
            Lut(),
            Linear(),
            BayesianRidge(),
            Hierarchical(),
            GaussianProcess(),
            transfer,
            RandomForest(),
            GradientBoosting(),
        )
    }
    if name not in models:
        near = get_close_matches(name, models, n=1, cutoff=0)
        raise NotApplicable(
            f"no model is called {name!r}; did you mean {near[0]}? There are {', '.join(models)}"
        )
    return models[name]
