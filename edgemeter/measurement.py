"""The measurement document: the one result format of agent, server, client and command line.

Values are immutable. Latency is per invocation, in milliseconds. `--json` prints a
`MeasurementReport`; its JSON Schema is in docs/measurement.schema.json.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from edgemeter.failures import FailureKind
from edgemeter.targets import Precision

PositiveMs = Annotated[float, Field(ge=0)]


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TargetDocument(Document):
    slug: str
    device: str
    processor: str
    runtime: str
    runtime_version: str
    precision: Precision
    threads: int
    batch: int


class NetworkDocument(Document):
    """The file that was measured. `macs` and the rest are None where the graph could not be counted."""

    name: str
    sha256: str
    size_bytes: int
    format: Literal["onnx", "tflite", "other"]
    shapes: dict[str, tuple[int, ...]]
    macs: int | None
    parameters: int | None
    structural_hash: str | None


class ProtocolDocument(Document):
    name: str
    version: int
    digest: str


class Interval(Document):
    """Where the value of another session is expected, with probability `level`."""

    low_ms: PositiveMs
    high_ms: PositiveMs
    level: float = 0.9


class Latency(Document):
    """The headline and the distribution behind it.

    `value_ms` is the answer; `raw_ms` the same before drift correction. `method` is "wall", or
    "cpu_time" where other load disturbed the visits: CPU time x the anchors' quiet wall/CPU ratio.
    Percentiles are of all samples of all visits, nearest rank; p99 only from 500 samples.
    """

    value_ms: PositiveMs
    interval: Interval
    method: Literal["wall", "cpu_time"]
    statistic: Literal["lower_quartile", "median"]  #: that the value is, by the protocol
    raw_ms: PositiveMs
    median_ms: PositiveMs
    cpu_ms: PositiveMs
    min_ms: PositiveMs
    max_ms: PositiveMs
    mean_ms: PositiveMs
    sd_ms: PositiveMs
    mad_ms: PositiveMs
    trimmed_mean_ms: PositiveMs  #: without the lowest and highest 10 %
    percentiles_ms: dict[str, PositiveMs]
    confidence_ms: tuple[PositiveMs, PositiveMs]  #: 95 % of the median within this session only
    visits_ms: tuple[PositiveMs, ...]  #: the statistic of each visit
    samples: int
    timed_s: float
    outliers_mild: int
    outliers_severe: int
    converged: bool
    realtime: bool
    disturbance: float  #: share of the time that other load took, largest visit
    drift: float | None  #: of the anchors against their reference; None without a reference
    shrinkage: float  #: the share of that drift that was corrected
    thermal_state: Literal["burst", "sustained"]


class Metrics(Document):
    """Measured beside latency, each None where it was not asked for or the runtime cannot tell."""

    load_ms: PositiveMs | None = None  #: importing the engine in a new process, median of the visits
    prepare_ms: PositiveMs | None = None  #: file to ready session, median of the visits
    first_inference_ms: PositiveMs | None = None
    peak_memory_bytes: int | None = None  #: above a child without a network
    sustained_latency_ms: PositiveMs | None = None
    throughput_per_s: float | None = None
    throughput_streams: int | None = None


class Layer(Document):
    """One executed kernel: its share of the profiled run, and that share of the unprofiled latency."""

    name: str
    kind: str
    share: float
    latency_ms: PositiveMs
    precision: Precision | None
    processor: str
    operators: tuple[str, ...]


class Remark(Document):
    """Why a measurement is invalid, or doubtful: a stable name, words for people with how to measure again,
    and the numbers of this case.
    """

    name: str
    text: str
    detail: str = ""


#: Names of reasons that another session would find again.
LASTING_REASONS = frozenset(
    {
        "fallback_partial",
        "fallback_full",
        "precision_differs",
        "threads_differ",
        "parser_incomplete",
        "other_bytes",
    }
)


class Validity(Document):
    valid: bool
    reasons: tuple[Remark, ...] = ()
    flags: tuple[Remark, ...] = ()

    @property
    def disturbed(self) -> bool:
        """Invalid, and for nothing that another session would find again."""
        return not self.valid and not any(reason.name in LASTING_REASONS for reason in self.reasons)


class FailureDocument(Document):
    kind: FailureKind
    message: str
    operator_name: str | None = None
    operator_type: str | None = None


class VisitDocument(Document):
    """Raw, ordered samples of one visit. Totals of `runs_per_sample` invocations, nanoseconds."""

    runs_per_sample: int
    realtime: bool
    wall_ns: tuple[int, ...]
    cpu_ns: tuple[int, ...]
    delay_ns: tuple[int, ...]
    warmup_wall_ns: tuple[int, ...]


class Measurement(Document):
    """One network on one target under one protocol: a latency, or a failure that says why not."""

    target: TargetDocument
    network: NetworkDocument
    protocol: ProtocolDocument
    status: Literal["ok", "failed"]
    failure: FailureDocument | None = None
    latency: Latency | None = None
    metrics: Metrics = Metrics()
    layers: tuple[Layer, ...] | None = None
    notes: tuple[str, ...] = ()
    validity: Validity = Validity(valid=False)
    visits: tuple[VisitDocument, ...] = ()
    execution: dict[str, Any] = {}  #: what the runtime says it ran: precision, placement, threads
    conditions: tuple[dict[str, Any], ...] = ()  #: before and after each visit


class MeasurementReport(Document):
    """What `edgemeter measure --json` prints."""

    schema_name: Literal["edgemeter/measurements"] = "edgemeter/measurements"
    schema_version: Literal[1] = 1
    edgemeter_version: str
    started_at: str  #: UTC, ISO 8601
    seed: int
    provenance: dict[str, Any]  #: device, software and isolation, the same for all measurements
    measurements: tuple[Measurement, ...]
