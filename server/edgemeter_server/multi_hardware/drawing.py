"""The front of a random sample, chosen by predictions: of a hundred thousand networks few are told."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from edgemeter.metrics.pareto import pareto_front
from edgemeter.spaces.registry import UnknownSpaceError
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.subset import in_base, root
from edgemeter.spaces.text import to_text
from edgemeter.wire.estimates import MOST_ARCHITECTURES, MOST_ESTIMATES
from edgemeter.wire.metrics import MOST_PREDICTED, TIMED, NewFront, Sample
from edgemeter.wire.problems import ProblemType
from edgemeter_predictors.evaluation.evaluator import Evaluator
from edgemeter_server.access.projects import project_id
from edgemeter_server.campaigns.spaces import space_or_part
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.multi_hardware.comparing import factors_of
from edgemeter_server.multi_hardware.figures import Array, Figures, Latencies, counts
from edgemeter_server.multi_hardware.normalisers import normalisers
from edgemeter_server.services import Services


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What a front is chosen from, and by what. `factors` are empty where no metric is normalised."""

    asked: NewFront
    sample: Sample
    space: Space
    evaluators: tuple[Evaluator, ...]
    factors: Array


@dataclass(frozen=True, slots=True)
class Drawn:
    """The front as texts, and how many distinct networks it was chosen from."""

    texts: tuple[str, ...]
    candidates: int


def prepare(
    connection: Connection, caller: Caller, services: Services, asked: NewFront, wanted: Sample
) -> Draw:
    """Raises Refusal: NOT_FOUND for a target without a predictor or normaliser, INVALID, TOO_LARGE."""
    if wanted.count * len(asked.targets) > MOST_PREDICTED:
        raise Refusal(
            ProblemType.TOO_LARGE,
            f"at most {MOST_PREDICTED} predictions at once: sample less, or ask in parts",
        )
    try:
        space = space_or_part(asked.space, wanted.part)
    except (UnknownSpaceError, CodeError) as error:
        raise Refusal(ProblemType.INVALID, str(error)) from None
    project = project_id(connection, caller, asked.project, writing=False)
    targets = asked.targets if TIMED.intersection(asked.metrics) else ()
    active = [
        services.standings.loaded.active(connection, project, root(space), target) for target in targets
    ]
    return Draw(
        asked,
        wanted,
        space,
        tuple(each.evaluator for each in active),
        factors_of(normalisers(connection, project, asked)),
    )


def drawn_front(draw: Draw) -> Drawn:
    """Takes seconds where much is asked. Raises Refusal, also for a front that is too long to tell."""
    metrics = draw.asked.metrics
    home, codes = in_base(draw.space, sample(draw.space, draw.sample.count, draw.sample.seed))
    codes = np.unique(home.canonical(codes[home.computes(codes)]), axis=0)
    if not len(codes):
        raise Refusal(ProblemType.INVALID, "no network of the sample computes anything: sample more")
    figures = Figures(_predicted(draw, codes), draw.factors, counts(home, codes, metrics), np.empty(0))
    front = codes[pareto_front(figures.to_minimise(metrics))]
    if len(front) > MOST_ARCHITECTURES or len(front) * len(draw.asked.targets) > MOST_ESTIMATES:
        raise Refusal(
            ProblemType.TOO_LARGE, f"{len(front)} networks are on the front: name fewer metrics, or targets"
        )
    return Drawn(tuple(to_text(home, row) for row in front), len(codes))


def _predicted(draw: Draw, codes: Codes) -> Latencies | None:
    """A front is chosen by values: intervals are told of those that are on it."""
    if not draw.evaluators:
        return None
    latency_ms = np.column_stack([each.latency_ms(codes) for each in draw.evaluators]).astype(np.float64)
    return Latencies(latency_ms, latency_ms, latency_ms, draw.asked.level)
