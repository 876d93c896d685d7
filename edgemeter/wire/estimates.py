"""Estimates: how long architectures take, measured where they were, predicted where they were not."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from edgemeter.measurement import Interval
from edgemeter.wire.base import Id, Message, Reply, Sha256, Slug
from edgemeter.wire.recipes import CodeText

ARROW = "application/vnd.apache.arrow.stream"
#: Of a bulk answer, float32 each.
BULK_COLUMNS = ("latency_ms", "low_ms", "high_ms")
MOST_ARCHITECTURES = 10_000
MOST_ARTIFACTS = 1000
MOST_ESTIMATES = 20_000
ArchitectureText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
ArchitectureCodes = Annotated[
    tuple[Annotated[int, Field(ge=0, le=255)], ...], Field(min_length=1, max_length=1000)
]
Source = Literal["measured", "predicted", "analytic"]
Level = Annotated[float, Field(ge=0.5, le=0.99)]


class NewEstimates(Message):
    """Architectures of one space, as texts or codes, or operators of one in their contexts, by their keys; or
    files that were handed in, by their sha256. Each on each of the targets.

    `parts` adds how much each layer, or each kernel of a file, takes. With `max_interval`, a prediction whose
    interval is wider than that share of it is measured too: `request_id` is then what to wait for, here with
    `?wait=30` or later.
    """

    project: Slug = "default"
    space: Slug | None = None
    architectures: Annotated[
        tuple[ArchitectureText | ArchitectureCodes, ...], Field(max_length=MOST_ARCHITECTURES)
    ] = ()
    operators: Annotated[tuple[CodeText, ...], Field(max_length=MOST_ARCHITECTURES)] = ()
    artifacts: Annotated[tuple[Sha256, ...], Field(max_length=MOST_ARTIFACTS)] = ()
    targets: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=64)]
    level: Level = 0.9
    parts: bool = False
    measured: bool = True  #: a valid measurement is the better answer, where there is one
    analytic: bool = False  #: where a target has no predictor, a rough estimate is better than none
    max_interval: Annotated[float, Field(gt=0, le=10)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = (self.architectures, self.operators, self.artifacts)
        if sum(map(bool, kinds)) != 1:
            raise ValueError("one of `architectures`, `operators` and `artifacts` is needed")
        if (self.space is None) != bool(self.artifacts):
            raise ValueError("architectures and operators are of a `space`, artifacts are not")
        return self


class LayerPart(Reply):
    layer: str
    latency_ms: float


class TargetLatency(Reply):
    """On one target. `source` says which of `measurement_id` and `predictor_id` the answer is from; where it
    is of neither, `basis` says what it is made of.
    """

    target: Slug
    latency_ms: float
    interval: Interval
    source: Source
    measurement_id: Id | None = None
    predictor_id: Id | None = None
    predictor_number: int | None = None  #: which of its versions
    basis: str | None = None


class NetworkEstimate(TargetLatency):
    """`request_id` and `job_id` are of what was too uncertain and is measured."""

    request_id: Id | None = None
    job_id: Id | None = None


class ArchitectureEstimate(NetworkEstimate):
    """The parts of a prediction sum to it, together with `rest_ms`, which belongs to no layer."""

    architecture: str
    parts: tuple[LayerPart, ...] | None = None
    rest_ms: float | None = None


class OperatorEstimate(NetworkEstimate):
    """`operator` is the key of an operator in its context."""

    operator: str


class KernelPart(Reply):
    """One kernel that the target's engine runs for a file, of a `kind` that is priced in one way."""

    kernel: str
    kind: str
    latency_ms: float


class ArtifactEstimate(NetworkEstimate):
    """`unknown_operators` are the kinds of kernels that the predictor has no data for: they are guessed, and
    the interval is wider for it. The parts of a prediction sum to it, together with `rest_ms`. `stale` says
    that the predictor is of another engine than the target runs now.
    """

    artifact: Sha256
    unknown_operators: tuple[str, ...] | None = None
    parts: tuple[KernelPart, ...] | None = None
    rest_ms: float | None = None
    stale: str | None = None


class Estimates(Reply):
    """In the order asked: all networks on the first target, then on the next."""

    estimates: tuple[ArchitectureEstimate, ...] | tuple[OperatorEstimate, ...] | tuple[ArtifactEstimate, ...]
