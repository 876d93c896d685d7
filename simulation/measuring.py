"""Measurements as agents report them, made up from a seed."""

import random

from edgemeter.measurement import (
    Interval,
    Latency,
    Measurement,
    NetworkDocument,
    ProtocolDocument,
    TargetDocument,
    Validity,
    VisitDocument,
)
from edgemeter.targets import Precision, Target
from edgemeter.wire.agents import Lease

VISITS, SAMPLES = 3, 20


def target_document(target: Target) -> TargetDocument:
    return TargetDocument(
        slug=target.slug,
        device=target.device,
        processor=target.processor,
        runtime=target.runtime,
        runtime_version=target.runtime_version,
        precision=target.precision,
        threads=target.threads,
        batch=target.batch,
    )


def target_of(slug: str) -> Target:
    device, processor, engine, precision, threads, batch = _words(slug)
    runtime, _, version = engine.rpartition("-")
    return Target(device, processor, runtime, version, Precision(precision), int(threads[1:]), int(batch[1:]))


def measured(lease: Lease, draw: random.Random, samples: int = SAMPLES) -> Measurement:
    """A valid measurement of a network of some milliseconds."""
    base_ns = draw.randrange(500_000, 20_000_000)
    visits = tuple(_visit(base_ns, draw, samples) for _ in range(VISITS))
    value_ms = min(min(visit.wall_ns) for visit in visits) / 1e6
    return Measurement(
        target=target_document(target_of(lease.target)),
        network=NetworkDocument(
            name=lease.artifact.name,
            sha256=lease.artifact.sha256,
            size_bytes=lease.artifact.size_bytes,
            format=lease.artifact.format,
            shapes={},
            macs=None,
            parameters=None,
            structural_hash=None,
        ),
        protocol=ProtocolDocument(name=lease.spec.protocol, version=1, digest=lease.protocol_digest),
        status="ok",
        latency=_latency(value_ms, visits),
        validity=Validity(valid=True),
        visits=visits,
    )


def _words(slug: str) -> list[str]:
    # The version's dots stay with their runtime.
    words = slug.split(".")
    return [words[0], words[1], ".".join(words[2:-3]), *words[-3:]]


def _visit(base_ns: int, draw: random.Random, samples: int) -> VisitDocument:
    wall = tuple(base_ns + int(abs(draw.gauss(0, base_ns / 100))) for _ in range(samples))
    return VisitDocument(
        runs_per_sample=1,
        realtime=False,
        wall_ns=wall,
        cpu_ns=tuple(value - draw.randrange(500, 3000) for value in wall),
        delay_ns=(0,) * samples,
        warmup_wall_ns=wall[:3],
    )


def _latency(value_ms: float, visits: tuple[VisitDocument, ...]) -> Latency:
    walls = sorted(value / 1e6 for visit in visits for value in visit.wall_ns)
    middle = walls[len(walls) // 2]
    return Latency(
        value_ms=value_ms,
        interval=Interval(low_ms=value_ms * 0.97, high_ms=value_ms * 1.03),
        method="wall",
        statistic="lower_quartile",
        raw_ms=value_ms,
        median_ms=middle,
        cpu_ms=middle,
        min_ms=walls[0],
        max_ms=walls[-1],
        mean_ms=sum(walls) / len(walls),
        sd_ms=(walls[-1] - walls[0]) / 4,
        mad_ms=(walls[-1] - walls[0]) / 8,
        trimmed_mean_ms=middle,
        percentiles_ms={"p50": middle, "p90": walls[-2], "p95": walls[-1]},
        confidence_ms=(walls[len(walls) // 3], walls[2 * len(walls) // 3]),
        visits_ms=tuple(min(visit.wall_ns) / 1e6 for visit in visits),
        samples=len(walls),
        timed_s=sum(walls) / 1e3,
        outliers_mild=0,
        outliers_severe=0,
        converged=True,
        realtime=False,
        disturbance=0.0,
        drift=None,
        shrinkage=0.0,
        thermal_state="burst",
    )
