"""Networks compared over several targets, each operation written once for both clients."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgemeter.client.asking import ask
from edgemeter.client.errors import ClientError
from edgemeter.client.generated import AnySpace, Named, named
from edgemeter.client.naming import listed
from edgemeter.client.project import home_project
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, Steps
from edgemeter.wire.base import Message
from edgemeter.wire.metrics import ComparedNetworks, Metric, NewFront, NewMetrics, Sample

#: A sample of the largest size is predicted on many targets.
_DRAWING_S = 60.0


def metrics(
    space: AnySpace,
    architectures: Sequence[str],
    targets: str | Sequence[str],
    *,
    metrics: Sequence[str] | None = None,
    normalisers_ms: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    level: float = 0.9,
    measured: bool = True,
    analytic: bool = False,
    project: str | None = None,
) -> Steps[ComparedNetworks]:
    """Latency on each target, f_avg and f_max, and what the networks take: see `NewMetrics`.

    `normalisers_ms` and `weights` are by target. Without them f_avg and f_max are normalised by
    MobileNetV1's measured latency on each target, and all targets weigh the same.
    """
    home, asked = (yield from home_project(project)), named(space)
    message = NewMetrics(
        project=home,
        space=asked.name,
        architectures=asked.asked(architectures),
        targets=listed(targets),
        normalisers_ms=dict(normalisers_ms or {}),
        weights=dict(weights or {}),
        level=level,
        measured=measured,
        analytic=analytic,
        **_named_metrics(metrics),
    )
    return (yield from _compared("/v1/metrics", message, asked))


def pareto(
    space: AnySpace,
    targets: str | Sequence[str],
    *,
    architectures: Sequence[str] = (),
    qualities: Sequence[float] = (),
    sample: int | None = None,
    seed: int = 0,
    metrics: Sequence[str] | None = None,
    normalisers_ms: Mapping[str, float] | None = None,
    weights: Mapping[str, float] | None = None,
    level: float = 0.9,
    measured: bool = True,
    analytic: bool = False,
    project: str | None = None,
) -> Steps[ComparedNetworks]:
    """The Pareto front of `architectures`, or of `sample` random ones: those that no other one is as good as
    in all `metrics` (latency on each target, multiply-adds and parameters, where not said).

    With the metric `quality` the `qualities` of the architectures count, higher is better. Raises ClientError
    unless there are either architectures or a sample.
    """
    home, asked = (yield from home_project(project)), named(space)
    if bool(architectures) == bool(sample):
        raise ClientError("a front is either of architectures or of a sample")
    message = NewFront(
        project=home,
        space=asked.name,
        architectures=asked.asked(architectures),
        qualities=tuple(qualities),
        sample=Sample(count=sample, seed=seed, part=asked.planned_part) if sample else None,
        targets=listed(targets),
        normalisers_ms=dict(normalisers_ms or {}),
        weights=dict(weights or {}),
        level=level,
        measured=measured,
        analytic=analytic,
        **_named_metrics(metrics),
    )
    return (yield from _compared("/v1/pareto", message, asked))


def _compared(path: str, message: Message, asked: Named) -> Steps[ComparedNetworks]:
    read = reader(ComparedNetworks)
    found = yield from ask(Call(method="POST", path=path, message=message, longer_s=_DRAWING_S, read=read))
    return _in_own_words(asked, found)


def _named_metrics(metrics: Sequence[str] | None) -> dict[str, Any]:
    """What is not said is the message's to choose."""
    return {} if metrics is None else {"metrics": tuple(map(Metric, metrics))}


def _in_own_words(asked: Named, found: ComparedNetworks) -> ComparedNetworks:
    texts = asked.written([network.architecture for network in found.networks])
    pairs = zip(found.networks, texts, strict=True)
    networks = tuple(network.model_copy(update={"architecture": text}) for network, text in pairs)
    return found.model_copy(update={"networks": networks})
