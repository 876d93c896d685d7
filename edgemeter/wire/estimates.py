"""Estimates: how long architectures take, measured where they were, predicted where they were not."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edgemeter.measurement import Interval
from edgemeter.wire.base import Id, Message, Reply, Slug

ARROW = "application/vnd.apache.arrow.stream"
#: Of a bulk answer, float32 each.
BULK_COLUMNS = ("latency_ms", "low_ms", "high_ms")
MOST_ARCHITECTURES = 10_000
MOST_ESTIMATES = 20_000
ArchitectureText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Source = Literal["measured", "predicted", "analytic"]
Level = Annotated[float, Field(ge=0.5, le=0.99)]


class NewEstimates(Message):
    """Architectures of one space, as text, each on each of the targets.

    `parts` adds how much each layer takes. With `max_interval`, a prediction whose interval is wider than
    that share of it is measured too: `request_id` is then what to wait for, here with `?wait=30` or later.
    """

    project: Slug = "default"
    space: Slug
    architectures: Annotated[tuple[ArchitectureText, ...], Field(min_length=1, max_length=MOST_ARCHITECTURES)]
    targets: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=64)]
    level: Level = 0.9
    parts: bool = False
    measured: bool = True  #: a valid measurement is the better answer, where there is one
    analytic: bool = False  #: where a target has no predictor, a rough estimate is better than none
    max_interval: Annotated[float, Field(gt=0, le=10)] | None = None


class LayerPart(Reply):
    layer: str
    latency_ms: float


class ArchitectureEstimate(Reply):
    """`source` says which of `measurement_id` and `predictor_id` the answer is from; of an `analytic` one
    `basis` says what it is made of. `request_id` and `job_id` are of what was too uncertain and is measured.
    The parts of a prediction sum to it, together with `rest_ms`, which belongs to no layer.
    """

    architecture: str
    target: Slug
    latency_ms: float
    interval: Interval
    source: Source
    measurement_id: Id | None = None
    predictor_id: Id | None = None
    basis: str | None = None
    request_id: Id | None = None
    job_id: Id | None = None
    parts: tuple[LayerPart, ...] | None = None
    rest_ms: float | None = None


class Estimates(Reply):
    """In the order asked: all architectures on the first target, then on the next."""

    estimates: tuple[ArchitectureEstimate, ...]
