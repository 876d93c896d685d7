"""From the visits of one job to the numbers that are published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from edgemeter.protocols import MeasuringProtocol
from edgemeter_agents.measuring.anchors import Drift
from edgemeter_agents.measuring.distribution import Distribution
from edgemeter_agents.measuring.headline import Headline
from edgemeter_agents.measuring.interval import Condition, expected_spread, prediction_interval
from edgemeter_agents.measuring.judgement import judge_anchors, judge_samples, judge_visits
from edgemeter_agents.measuring.repeatability import SessionSpread
from edgemeter_agents.measuring.statistics import Interval
from edgemeter_agents.measuring.validity import Finding, is_valid
from edgemeter_agents.measuring.visit import Visit


class Method(StrEnum):
    WALL = "wall"
    CPU_TIME = "cpu_time"  #: CPU time x the anchors' quiet wall/CPU ratio, on a contended host (rule 2)


class ThermalState(StrEnum):
    BURST = "burst"  #: started cool, ended before heat mattered
    SUSTAINED = "sustained"  #: after the device had settled under load


@dataclass(frozen=True, slots=True)
class Summary:
    """What is published of one job. All latencies are per invocation.

    `latency_ms` is the protocol's statistic, drift-corrected as far as that has been shown to help;
    `raw_ms` is the same before correction. `interval_ms` encloses another session's `latency_ms` with 90 %.
    `wall_ms` and `cpu_ms` are the same statistic of the clocks as read, whatever the method.
    `drift` is the anchors' and `shrinkage` the share of it that was corrected.
    `findings` holds all reasons to doubt, flags and invalidating ones.
    """

    protocol: str
    protocol_digest: str
    method: Method
    latency_ms: float
    raw_ms: float
    visits_ms: tuple[float, ...]  #: the protocol's statistic of each visit
    interval_ms: Interval
    distribution: Distribution  #: of the raw latencies
    wall_ms: float
    cpu_ms: float
    first_inference_ms: float  #: median over visits
    runs_per_sample: tuple[int, ...]  #: of each visit
    timed_s: float
    disturbance: float  #: of the worst visit, as a share of wall time
    drift: float | None
    shrinkage: float
    converged: bool
    realtime: bool
    thermal_state: ThermalState
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        return is_valid(self.findings)


def summarise(
    visits: Sequence[Visit],
    protocol: MeasuringProtocol,
    *,
    cpu_ratio: float | None = None,
    drift: Drift | None = None,
    shrinkage: float = 0.0,
    spread: SessionSpread | None = None,
    noise: float = 0.0,
    device_deviation: float = 0.0,
    thermal_state: ThermalState = ThermalState.BURST,
    findings: Iterable[Finding] = (),
) -> Summary:
    """Summarises the visits that `next_action` accepted or substituted, one at least.

    `cpu_ratio` is given exactly when CPU time stands in (`Substitute.ratio`); it already contains the
    anchors, so that no drift is corrected then. `drift` and `shrinkage` come from the target's
    `AnchorHistory`, before this session is added, and so does `spread`, the target's own, None
    before it has one; `noise` is the whole batch's, see `batch_noise`. `findings` are those of the
    shell: clocks, heat, placement, precision.
    """
    method = Method.WALL if cpu_ratio is None else Method.CPU_TIME
    latencies = [_latencies(visit, cpu_ratio) for visit in visits]
    headline, distribution = Headline.of(latencies, protocol.statistic), Distribution.of(latencies)
    realtime = all(visit.block.realtime for visit in visits)
    corrected = shrinkage if drift is not None and cpu_ratio is None else 0.0
    latency_ms = headline.value / (1 + corrected * (drift.value if drift else 0.0))
    condition = _condition(method, realtime=realtime)
    expected = expected_spread(condition, protocol.min_timed_s, history=spread, noise=noise)
    return Summary(
        protocol=protocol.name,
        protocol_digest=protocol.digest(),
        method=method,
        latency_ms=latency_ms,
        raw_ms=headline.value,
        visits_ms=headline.visits,
        interval_ms=prediction_interval(
            latency_ms, headline.standard_error, len(visits), expected, device_deviation
        ),
        distribution=distribution,
        wall_ms=_headline_value(protocol, [visit.block.wall_ms() for visit in visits]),
        cpu_ms=_headline_value(protocol, [visit.block.cpu_ms() for visit in visits]),
        first_inference_ms=median(visit.block.first_ns for visit in visits) / 1e6,
        runs_per_sample=tuple(visit.block.runs_per_sample for visit in visits),
        timed_s=sum(sample.wall_ns for visit in visits for sample in visit.block.samples) / 1e9,
        disturbance=max(visit.disturbance for visit in visits),
        drift=drift.value if drift else None,
        shrinkage=corrected,
        converged=distribution.relative_half_width <= protocol.target_half_width,
        realtime=realtime,
        thermal_state=thermal_state,
        findings=(
            *findings,
            *judge_visits(visits, protocol, by_cpu_time=method is Method.CPU_TIME),
            *judge_samples(latencies, distribution, protocol),
            *judge_anchors(drift),
        ),
    )


def standard_error(
    visits: Sequence[Visit], protocol: MeasuringProtocol, cpu_ratio: float | None = None
) -> float:
    """Of what `summarise` would publish, within this session, as a share."""
    return Headline.of([_latencies(visit, cpu_ratio) for visit in visits], protocol.statistic).standard_error


def _latencies(visit: Visit, cpu_ratio: float | None) -> list[float]:
    if cpu_ratio is None:
        return visit.block.wall_ms()
    return [cpu_ms * cpu_ratio for cpu_ms in visit.block.cpu_ms()]


def _headline_value(protocol: MeasuringProtocol, visits: Sequence[Sequence[float]]) -> float:
    return Headline.of(visits, protocol.statistic).value


def _condition(method: Method, *, realtime: bool) -> Condition:
    if method is Method.CPU_TIME:
        return Condition.CONTENDED_CPU_TIME
    return Condition.QUIET_REALTIME if realtime else Condition.QUIET_NORMAL
