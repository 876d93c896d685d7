"""A batch of made-up networks, and blocks with scripted times."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgemeter.measurement import NetworkDocument
from edgemeter.targets import Precision, Target
from edgemeter_agents.batches.session import VisitRecord
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.snapshot import difference, read_conditions
from edgemeter_agents.measuring.samples import Block, Sample
from edgemeter_agents.runtimes.base import Facts, Format, Settings
from edgemeter_agents.visits.messages import Measured, Result

TARGET = Target("box-2c", "cpu", "fake", "1.0", Precision.FP32)
FACTS = Facts("fake", "1.0.0", Precision.FP32, 1, {"cpu": 3})


def make_network(id_: str) -> Network:
    document = NetworkDocument(
        name=f"{id_}.onnx",
        sha256=(id_.encode().hex() * 64)[:64],
        size_bytes=10,
        format="onnx",
        shapes={},
        macs=1000,
        parameters=10,
        structural_hash=None,
    )
    return Network(id_, Path(f"{id_}.onnx"), document, Format.ONNX, Precision.FP32, 1, {})


def make_block(latency_ms: float, delay_share: float = 0.0, samples: int = 20) -> Block:
    wall_ns = round(latency_ms * 1e6)
    cpu_ns = round(wall_ns * (1 - delay_share))
    sample = Sample(wall_ns, cpu_ns, wall_ns - cpu_ns)
    return Block(wall_ns, (sample,), (sample,) * samples, 1, converged=True, warmed_up=True, realtime=False)


def make_measured(job: str, latency_ms: float, delay_share: float = 0.0) -> Measured:
    return Measured(job, 100.0, 5.0, make_block(latency_ms, delay_share), True, FACTS, 0.0)


@pytest.fixture
def batch() -> Batch:
    anchors = (make_network("anchor:light"), make_network("anchor:heavy"))
    networks = tuple(make_network(name) for name in ("a", "b", "c"))
    return Batch(TARGET, "fake", "1.0.0", Settings(), networks, anchors)


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., VisitRecord]:
    """Makes the record of a visit from its results, on a machine that tells nothing."""
    nothing = read_conditions(Roots(tmp_path, tmp_path, tmp_path))

    def make(*results: Result) -> VisitRecord:
        return VisitRecord(results, nothing, nothing, difference(nothing, nothing), 0.0)

    return make


@pytest.fixture
def visit(record: Callable[..., VisitRecord]) -> Callable[..., VisitRecord]:
    """Makes a visit of the given jobs, each with its latency, between quiet anchors."""

    def make(delay_share: float = 0.0, **latencies_ms: float) -> VisitRecord:
        anchors = [("anchor:light", 0.5), ("anchor:heavy", 5.0)]
        jobs = [*anchors, *latencies_ms.items(), *reversed(anchors)]
        return record(*(make_measured(job, latency, delay_share) for job, latency in jobs))

    return make
