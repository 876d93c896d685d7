"""From what the measuring core says to the measurement document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from edgemeter.failures import Failure
from edgemeter.measurement import (
    FailureDocument,
    Interval,
    Latency,
    Layer,
    Measurement,
    Metrics,
    ProtocolDocument,
    Remark,
    TargetDocument,
    Validity,
    VisitDocument,
)
from edgemeter.protocols import MeasuringProtocol, Statistic
from edgemeter.targets import Target
from edgemeter_agents.batches.session import Outcome
from edgemeter_agents.measuring.summary import Summary
from edgemeter_agents.measuring.validity import Finding
from edgemeter_agents.measuring.visit import Visit
from edgemeter_agents.runtimes.base import Facts, LayerTime


@dataclass(frozen=True, slots=True)
class Extras:
    """What separate runs told of one network, as far as they were asked for."""

    layers: tuple[LayerTime, ...] | None = None
    peak_memory_bytes: int | None = None
    sustained_latency_ms: float | None = None
    throughput_per_s: float | None = None
    throughput_streams: int | None = None
    notes: tuple[str, ...] = ()


def measurement_document(
    outcome: Outcome,
    summary: Summary | None,
    extras: Extras,
    *,
    target: Target,
    protocol: MeasuringProtocol,
    conditions: Sequence[dict[str, Any]],
) -> Measurement:
    """`summary` is None exactly when `outcome` holds a failure."""
    common: dict[str, Any] = {
        "target": target_document(target),
        "network": outcome.network.document,
        "protocol": ProtocolDocument(name=protocol.name, version=protocol.version, digest=protocol.digest()),
        "execution": _execution(outcome.facts),
        "conditions": tuple(conditions),
        "notes": extras.notes,
    }
    if summary is None:
        return Measurement(status="failed", failure=_failure(outcome.failure), **common)
    return Measurement(
        status="ok",
        latency=_latency(summary, protocol.statistic),
        metrics=_metrics(outcome, summary, extras),
        layers=_layers(extras.layers, summary.latency_ms),
        validity=_validity(summary),
        visits=tuple(_visit(visit) for visit in outcome.visits),
        **common,
    )


def target_document(target: Target) -> TargetDocument:
    return TargetDocument(slug=target.slug, **asdict(target))


def _failure(failure: Failure | None) -> FailureDocument | None:
    return FailureDocument(**asdict(failure)) if failure else None


def _latency(summary: Summary, statistic: Statistic) -> Latency:
    shown = summary.distribution
    return Latency(
        value_ms=summary.latency_ms,
        interval=Interval(low_ms=summary.interval_ms.low, high_ms=summary.interval_ms.high),
        method=summary.method.value,
        statistic=statistic.value,
        raw_ms=summary.raw_ms,
        median_ms=shown.median,
        cpu_ms=summary.cpu_ms,
        min_ms=shown.minimum,
        max_ms=shown.maximum,
        mean_ms=shown.mean,
        trimmed_mean_ms=shown.trimmed_mean,
        sd_ms=shown.deviation,
        mad_ms=shown.median_absolute_deviation,
        percentiles_ms={f"p{percent}": value for percent, value in shown.percentiles.items()},
        confidence_ms=(shown.confidence.low, shown.confidence.high),
        visits_ms=summary.visits_ms,
        samples=shown.n,
        timed_s=summary.timed_s,
        outliers_mild=shown.outliers.mild,
        outliers_severe=shown.outliers.severe,
        converged=summary.converged,
        realtime=summary.realtime,
        disturbance=summary.disturbance,
        drift=summary.drift,
        shrinkage=summary.shrinkage,
        thermal_state=summary.thermal_state.value,
    )


def _metrics(outcome: Outcome, summary: Summary, extras: Extras) -> Metrics:
    return Metrics(
        load_ms=outcome.load_ms,
        prepare_ms=outcome.prepare_ms,
        first_inference_ms=summary.first_inference_ms,
        peak_memory_bytes=extras.peak_memory_bytes,
        sustained_latency_ms=extras.sustained_latency_ms,
        throughput_per_s=extras.throughput_per_s,
        throughput_streams=extras.throughput_streams,
    )


def _layers(layers: Sequence[LayerTime] | None, latency_ms: float) -> tuple[Layer, ...] | None:
    """Shares of the profiled run, put onto the unprofiled latency: profiling itself distorts."""
    if not layers:
        return None
    total_us = sum(layer.time_us for layer in layers)
    return tuple(
        Layer(
            name=layer.name,
            kind=layer.kind,
            share=(share := layer.time_us / total_us if total_us else 0.0),
            latency_ms=share * latency_ms,
            precision=layer.precision,
            processor=layer.processor,
            operators=layer.operators,
        )
        for layer in layers
    )


def _validity(summary: Summary) -> Validity:
    return Validity(
        valid=summary.valid,
        reasons=tuple(_remark(f) for f in summary.findings if f.reason.invalidates),
        flags=tuple(_remark(f) for f in summary.findings if not f.reason.invalidates),
    )


def _remark(finding: Finding) -> Remark:
    return Remark(name=finding.reason, text=finding.text, detail=finding.detail)


def _visit(visit: Visit) -> VisitDocument:
    block = visit.block
    return VisitDocument(
        runs_per_sample=block.runs_per_sample,
        realtime=block.realtime,
        wall_ns=tuple(sample.wall_ns for sample in block.samples),
        cpu_ns=tuple(sample.cpu_ns for sample in block.samples),
        delay_ns=tuple(sample.delay_ns for sample in block.samples),
        warmup_wall_ns=tuple(sample.wall_ns for sample in block.warmup),
    )


def _execution(facts: Facts | None) -> dict[str, Any]:
    if facts is None:
        return {}
    return asdict(replace(facts, placement=dict(facts.placement), details=dict(facts.details)))
