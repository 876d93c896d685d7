"""Measurements as agents report them, made of seeded noise: for tests and benchmarks of the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median, stdev
from typing import Any

from edgemeter.measurement import (
    Interval,
    Latency,
    Measurement,
    Metrics,
    NetworkDocument,
    ProtocolDocument,
    Remark,
    TargetDocument,
    Validity,
    VisitDocument,
)
from edgemeter.protocols import SURVEY
from edgemeter.targets import Precision, Target

TARGET = Target("board-4c", "cpu", "onnxruntime", "1.31", Precision.FP32)
_PERCENTILES = (5, 10, 25, 75, 90, 95)


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of everything a measurement has."""

    visits: int = 3
    samples: int = 20  #: of each visit
    warmup: int = 5


def provenance() -> dict[str, Any]:
    return {
        "edgemeter_version": "1.0.0",
        "device": {
            "cpu_models": ["ARM Cortex-A76"],
            "kernel": "6.12.1",
            "machine": "5f" * 16,
            "virtual": False,
        },
        "engines": [{"distribution": "onnxruntime", "version": "1.31.1", "binaries_sha256": "3c" * 32}],
        "libraries": {"numpy": "2.4.6", "onnx": "1.23.2"},
        "timer": {"clock": "clock_gettime(CLOCK_MONOTONIC)", "source": "arch_sys_counter", "step_ns": 60},
    }


def conditions(random: Random, visits: int = 3) -> tuple[dict[str, Any], ...]:
    """Of one batch: the jobs measured together all have these."""
    return tuple(_conditions(random) for _ in range(visits))


def measurement(
    random: Random, sha256: str, batch: Sequence[dict[str, Any]], shape: Shape = Shape()
) -> Measurement:
    """Of another network each time: its size, latency and noise are drawn, its statistics computed."""
    # Under `survey` a visit has 20 samples of such networks.
    base_ns = random.randrange(450_000, 600_000)
    visits = tuple(_visit(random, base_ns, shape) for _ in range(shape.visits))
    operators = random.randint(8, 200)
    return Measurement(
        target=TargetDocument(slug=TARGET.slug, **{name: getattr(TARGET, name) for name in TARGET.__slots__}),
        network=_network(random, sha256),
        protocol=ProtocolDocument(name=SURVEY.name, version=SURVEY.version, digest=SURVEY.digest()),
        status="ok",
        latency=_latency(visits),
        metrics=Metrics(
            load_ms=random.randrange(50_000_000, 90_000_000) / 1e6,
            prepare_ms=random.randrange(1_000_000, 50_000_000) / 1e6,
            first_inference_ms=random.randrange(base_ns, 3 * base_ns) / 1e6,
        ),
        validity=Validity(valid=True, flags=(_unconverged(random),)),
        visits=visits,
        execution=_execution(operators, random.randint(4, operators)),
        conditions=tuple(batch),
    )


def _visit(random: Random, base_ns: int, shape: Shape) -> VisitDocument:
    walls = [_wall_ns(random, base_ns) for _ in range(shape.samples)]
    return VisitDocument(
        runs_per_sample=1,
        realtime=True,
        wall_ns=tuple(walls),
        cpu_ns=tuple(round(wall * 1.003 + random.gauss(1000, 300)) for wall in walls),
        delay_ns=(0,) * shape.samples,
        warmup_wall_ns=tuple(_wall_ns(random, round(base_ns * 1.05)) for _ in range(shape.warmup)),
    )


def _wall_ns(random: Random, base_ns: int) -> int:
    # Half of the samples lie close together, the rest up to a few tenths above: as on a shared host.
    disturbed = random.random() < 0.4
    return round(base_ns * (1 + (random.expovariate(20) if disturbed else random.expovariate(200))))


def _latency(visits: Sequence[VisitDocument]) -> Latency:
    walls = sorted(ns / 1e6 for visit in visits for ns in visit.wall_ns)
    n, middle = len(walls), median(walls)
    value = walls[n // 4]
    cut = int(0.1 * n)
    return Latency(
        value_ms=value,
        interval=Interval(low_ms=value / 1.1012345678, high_ms=value * 1.1012345678),
        method="wall",
        statistic="lower_quartile",
        raw_ms=value,
        median_ms=middle,
        cpu_ms=sorted(ns / 1e6 for visit in visits for ns in visit.cpu_ns)[n // 4],
        min_ms=walls[0],
        max_ms=walls[-1],
        mean_ms=fmean(walls),
        sd_ms=stdev(walls),
        mad_ms=median(abs(wall - middle) for wall in walls),
        trimmed_mean_ms=fmean(walls[cut : n - cut]),
        percentiles_ms={f"p{percent}": walls[percent * n // 100] for percent in _PERCENTILES},
        confidence_ms=(walls[n // 3], walls[2 * n // 3]),
        visits_ms=tuple(sorted(visit.wall_ns)[len(visit.wall_ns) // 4] / 1e6 for visit in visits),
        samples=n,
        timed_s=sum(ns for visit in visits for ns in visit.wall_ns) / 1e9,
        outliers_mild=2,
        outliers_severe=1,
        converged=False,
        realtime=True,
        disturbance=0.0,
        drift=None,
        shrinkage=0.0,
        thermal_state="burst",
    )


def _network(random: Random, sha256: str) -> NetworkDocument:
    return NetworkDocument(
        name=f"cell_{random.randrange(10**6):06}.onnx",
        sha256=sha256,
        size_bytes=random.randrange(10**5, 10**7),
        format="onnx",
        shapes={"image": (1, 3, 224, 224)},
        macs=random.randrange(10**7, 10**9),
        parameters=random.randrange(10**5, 10**7),
        structural_hash=random.randbytes(16).hex(),
    )


def _unconverged(random: Random) -> Remark:
    return Remark(
        name="unconverged",
        text="The median was not yet known to the protocol's precision when the sampling ended. "
        "Use the protocol `precise`, which samples until it is.",
        detail=f"to {random.uniform(1, 6):.1f}% instead of 1.0%",
    )


def _execution(operators: int, heavy: int) -> dict[str, Any]:
    return {
        "runtime": "onnxruntime",
        "version": "1.31.1",
        "precision_executed": "fp32",
        "threads": 1,
        "placement": {"cpu": operators},
        "details": {
            "heavy operators": f"fp32: {heavy}",
            "threads between operators": "1",
            "execution mode": "ORT_SEQUENTIAL",
            "graph optimisation": "ORT_ENABLE_ALL",
            "spinning": "1",
        },
    }


def _conditions(random: Random) -> dict[str, Any]:
    return {
        "before": {
            "policies": [],
            "temperatures": [
                {"sensor": "thermal_zone0", "name": "cpu", "celsius": random.randrange(400, 600) / 10}
            ],
            "throttling": {"active": False, "events": 0},
            "load": {
                "averages": [random.randrange(200) / 100 for _ in range(3)],
                "runnable_threads": 1,
                "steal_ns": 0,
                "quota_throttled_ns": None,
            },
            "power": {"battery_percent": None, "charging": None, "status": None},
            "uptime_s": random.randrange(10**8) / 100,
        },
        "change": {
            "policies": [],
            "steal_ns": 0,
            "quota_throttled_ns": None,
            "temperature_rise_c": random.randrange(30) / 10,
            "throttled": False,
            "charging_moved": None,
        },
    }
