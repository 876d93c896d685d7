"""Metrics of networks over several targets, and the Pareto front of them."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from edgemeter.measurement import Interval
from edgemeter.wire.base import Id, Message, Reply, Slug
from edgemeter.wire.campaigns import MOST_TARGETS, PlannedPart
from edgemeter.wire.estimates import MOST_ARCHITECTURES, ArchitectureText, Level, TargetLatency

MOST_SAMPLED = 100_000
MOST_PREDICTED = 1_000_000  #: networks of a sample, each on each target
#: What peaks are counted for, in a space whose branches live side by side: each network is built.
MOST_BUILT = 1_000
#: The network that latencies are normalised by, where no factor is given.
REFERENCE_SPACE, REFERENCE = "references", "mobilenet_v1,1.0"

Factor = Annotated[float, Field(gt=0, le=1e9)]
Weight = Annotated[float, Field(ge=0, le=1e9)]
Quality = Annotated[float, Field(ge=-1e300, le=1e300)]


class Metric(StrEnum):
    """What networks are compared by: the smaller the better, but for `quality`."""

    LATENCY_MS = "latency_ms"  #: on each of the targets, each a metric of its own
    F_AVG = "f_avg"
    F_MAX = "f_max"
    MACS = "macs"
    PARAMETERS = "parameters"
    PEAK_ACTIVATION_BYTES = "peak_activation_bytes"
    QUALITY = "quality"  #: what the caller knows of each, such as its accuracy; the larger the better


#: They need estimates on targets.
TIMED = frozenset({Metric.LATENCY_MS, Metric.F_AVG, Metric.F_MAX})
NORMALISED = frozenset({Metric.F_AVG, Metric.F_MAX})

Metrics = Annotated[tuple[Metric, ...], Field(min_length=1, max_length=len(Metric))]
Factors = Annotated[dict[Slug, Factor], Field(max_length=MOST_TARGETS)]
Weights = Annotated[dict[Slug, Weight], Field(max_length=MOST_TARGETS)]


class ComparedOn(Message):
    """What networks of one space are compared by.

    f_avg and f_max are the mean and the maximum over the targets of latency / normaliser. A normaliser is
    the measured latency of MobileNetV1 (`references@1:mobilenet_v1,1.0`) on the target, or what
    `normalisers_ms` gives; where some targets matter more it is divided by their weight, which is 1 unless
    `weights` has another, in proportion to the mean weight. With `measured` a valid measurement is the
    better answer; with `analytic` a target without a predictor has rough estimates.
    """

    project: Slug = "default"
    space: Slug
    targets: Annotated[tuple[Slug, ...], Field(min_length=1, max_length=MOST_TARGETS)]
    metrics: Metrics
    normalisers_ms: Factors = Field(default_factory=dict)
    weights: Weights = Field(default_factory=dict)
    level: Level = 0.9
    measured: bool = True
    analytic: bool = False

    @field_validator("metrics", mode="before")
    @classmethod
    def _no_energy(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and any(str(each).startswith("energy") for each in value):
            raise ValueError("energy is measured on no target: no runtime here tells it yet")
        return value


class NewMetrics(ComparedOn):
    """Metrics of architectures, as text."""

    architectures: Annotated[tuple[ArchitectureText, ...], Field(min_length=1, max_length=MOST_ARCHITECTURES)]
    metrics: Metrics = (
        Metric.LATENCY_MS,
        Metric.F_AVG,
        Metric.F_MAX,
        Metric.MACS,
        Metric.PARAMETERS,
        Metric.PEAK_ACTIVATION_BYTES,
    )


class Sample(Message):
    """Architectures drawn at random with `seed`, from the space or, with `part`, from that part of it."""

    count: Annotated[int, Field(ge=1, le=MOST_SAMPLED)]
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    part: PlannedPart | None = None


class NewFront(ComparedOn):
    """The Pareto front of architectures, as text, or of a `sample`, which predictions alone choose from.
    `qualities` has one number for each of the architectures.
    """

    architectures: Annotated[tuple[ArchitectureText, ...], Field(max_length=MOST_ARCHITECTURES)] = ()
    qualities: Annotated[tuple[Quality, ...], Field(max_length=MOST_ARCHITECTURES)] = ()
    sample: Sample | None = None
    metrics: Metrics = (Metric.LATENCY_MS, Metric.MACS, Metric.PARAMETERS)


class Figure(Reply):
    """A value and its interval."""

    value: float
    low: float
    high: float


class NetworkMetrics(Reply):
    """One network; what was not asked for is None.

    Intervals take the normalisers as given. That of f_avg is as wide as if all targets erred together; the
    upper end of f_max's allows for each of them to err alone. Multiply-adds, parameters and the peak of
    activations (of the fp32 ONNX file) are exact.
    """

    architecture: str
    latencies: tuple[TargetLatency, ...] = ()
    f_avg: Figure | None = None
    f_max: Figure | None = None
    macs: int | None = None
    parameters: int | None = None
    peak_activation_bytes: int | None = None
    quality: float | None = None


class Normaliser(Reply):
    """What latencies on a target were divided by, before its weight: measured of MobileNetV1, or given."""

    target: Slug
    latency_ms: float
    weight: float
    source: Literal["measured", "given"]
    measurement_id: Id | None = None
    interval: Interval | None = None


class ComparedNetworks(Reply):
    """All networks that were asked for, or those that are on the front of `candidates` (of a sample the
    distinct ones). `level` is that of every interval.
    """

    level: float
    metrics: tuple[Metric, ...]
    normalisers: tuple[Normaliser, ...] = ()
    candidates: int
    networks: tuple[NetworkMetrics, ...]
