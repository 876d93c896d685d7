"""HURRICANE's eq. 2: which operators do most for their latency at each layer, and the space of the best.

score = (multiply-adds x parameters) ^ alpha / latency
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import exp, hypot, log
from statistics import median
from typing import Final

from edgemeter.spaces.costs import placed_costs
from edgemeter.spaces.space import CodeError, Layer, Space
from edgemeter.spaces.subset import Subset

ALPHA: Final = 0.1
TOP: Final = 4


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one operator in its context: the interval is where another session would find it."""

    latency_ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True, slots=True)
class Score:
    """Of one operator, in a layer or (the geometric mean of its layers' scores) in a stage.

    `tied` says that the interval of the difference from the one ranked before holds 0.
    """

    operator: str
    score: float
    low: float
    high: float
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """Layers that are ranked together, by position among those with a choice, from 1; the best first.
    `unmeasured` operators have no latency in one of them, so no score.
    """

    layers: tuple[int, ...]
    stage: str
    scores: tuple[Score, ...]
    unmeasured: tuple[str, ...]


def rank(
    space: Space,
    latencies: Mapping[str, Latency],
    alpha: float = ALPHA,
    *,
    by_stage: bool = True,
    whole_network: bool = False,
) -> tuple[Ranking, ...]:
    """The operators of each stage, or of each layer, by score; `latencies` by the operators' keys.

    With `whole_network` the latency is that of a network with the operator at its layer: the operator's, and
    of every other layer the median of its operators. CodeError where a layer's operator is not one
    column's choice, or nothing is measured.
    """
    if alpha < 0:
        raise CodeError(f"alpha is 0 or more, not {alpha}")
    layers = _choosable(space)
    around = _around(space, latencies) if whole_network else [0.0] * len(layers)
    found = [_logs(space, layer, latencies, alpha, rest) for layer, rest in zip(layers, around, strict=True)]
    stages = [space.placed[int(layer.placed[0])].stage for layer in layers]
    groups: dict[object, list[int]] = {}
    for number, stage in enumerate(stages):
        groups.setdefault(stage if by_stage else number, []).append(number)
    return tuple(_ranking(space, layers, found, numbers, stages[numbers[0]]) for numbers in groups.values())


def aware_space(
    space: Space,
    rankings: Collection[Ranking],
    name: str,
    *,
    top: int = TOP,
    explore: Collection[int] = (),
    exploring_rank: int | None = None,
    origin: Mapping[str, object] | None = None,
) -> Subset:
    """The space of each layer's `top` operators, and in the layers of `explore` the one of
    `exploring_rank` (the next, where not said) besides: the paper leaves open which.
    """
    rank_of_one_more = top + 1 if exploring_rank is None else exploring_rank
    if top < 1 or rank_of_one_more <= top:
        raise CodeError(f"the exploring operator is ranked after the first {max(top, 1)}")
    layers = _choosable(space)
    unknown = set(explore) - set(range(1, len(layers) + 1))
    if unknown:
        raise CodeError(f"layers to explore are 1 to {len(layers)}, not {min(unknown)}")
    chosen = {}
    for ranking in rankings:
        operators = [score.operator for score in ranking.scores]
        for number in ranking.layers:
            needed = rank_of_one_more if number in explore else top
            if len(operators) < needed:
                raise CodeError(
                    f"layer {number} has {len(operators)} measured operators, fewer than {needed}"
                )
            more = operators[rank_of_one_more - 1 : rank_of_one_more] if number in explore else []
            chosen[space.columns[layers[number - 1].columns[0]].name] = operators[:top] + more
    return Subset(space, name, chosen, origin)


@dataclass(frozen=True, slots=True)
class _Log:
    """A score's logarithm, and half the width of its interval."""

    value: float
    spread: float
    position: int  #: of the placed operator, which several layers share


def _choosable(space: Space) -> list[Layer]:
    layers = [layer for layer in space.layers if layer.columns]
    if not layers or any(len(layer.columns) != 1 or layer.placed.min() < 0 for layer in layers):
        raise CodeError(f"{space.name} has layers whose operator is not one column's choice: no scores")
    return layers


def _logs(
    space: Space, layer: Layer, latencies: Mapping[str, Latency], alpha: float, rest_ms: float
) -> dict[int, _Log]:
    """By code, for those that are measured and compute anything."""
    costs, result = placed_costs(space), {}
    for code, position in enumerate(layer.placed.tolist()):
        latency = latencies.get(space.placed[position].key)
        size = float(costs.macs[position]) * float(costs.parameters[position])
        if latency is not None and size > 0:
            spread = (latency.high_ms - latency.low_ms) / 2 / (latency.latency_ms + rest_ms)
            value = alpha * log(size) - log(latency.latency_ms + rest_ms)
            result[code] = _Log(value, spread, position)
    return result


def _around(space: Space, latencies: Mapping[str, Latency]) -> list[float]:
    """For each layer the latency of all others and of the fixed parts."""
    medians = []
    for layer in space.layers:
        keys = [space.placed[position].key for position in layer.placed.ravel().tolist()]
        known = [latencies[key].latency_ms for key in keys if key in latencies]
        if not known:
            raise CodeError(f"no operator of {layer.name} is measured: no latency of a whole network")
        medians.append(median(known))
    total = sum(medians)
    return [total - own for layer, own in zip(space.layers, medians, strict=True) if layer.columns]


def _ranking(
    space: Space, layers: list[Layer], found: list[dict[int, _Log]], numbers: list[int], stage: str
) -> Ranking:
    choices = space.columns[layers[numbers[0]].columns[0]].choices
    everywhere = [code for code in range(len(choices)) if all(code in found[number] for number in numbers)]
    means = [(choices[code], *_mean([found[number][code] for number in numbers])) for code in everywhere]
    means.sort(key=lambda each: -each[1])
    scores = []
    for place, (operator, value, spread) in enumerate(means):
        before = means[place - 1] if place else None
        tied = before is not None and before[1] - value <= hypot(before[2], spread)
        scores.append(Score(operator, exp(value), exp(value - spread), exp(value + spread), tied))
    missing = tuple(word for code, word in enumerate(choices) if code not in everywhere)
    return Ranking(tuple(number + 1 for number in numbers), stage, tuple(scores), missing)


def _mean(logs: list[_Log]) -> tuple[float, float]:
    """The mean and its spread: layers that share a measurement share its error, others do not."""
    shares: dict[int, float] = {}
    for each in logs:
        shares[each.position] = shares.get(each.position, 0.0) + each.spread / len(logs)
    return sum(each.value for each in logs) / len(logs), hypot(*shares.values())
