"""Whole batches of scripted networks: real nurseries and children, an own state folder and lock."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgemeter.measurement import Measurement, NetworkDocument
from edgemeter.protocols import PRECISE, SURVEY, MeasuringProtocol
from edgemeter.targets import Precision, Target
from edgemeter_agents.batches.anchor_store import AnchorStore
from edgemeter_agents.batches.lab import Lab
from edgemeter_agents.batches.measure import Measured, measure_batches
from edgemeter_agents.batches.visiting import Wishes
from edgemeter_agents.batches.work import Batch, Network
from edgemeter_agents.conditions.software import file_sha256
from edgemeter_agents.runtimes.base import Format, Settings
from edgemeter_agents.visits.runner import JobLimits

FAKE = "edgemeter_agents.runtimes.fake:FakeRuntime"
TARGET = Target("box-2c", "cpu", "fake", "1.0", Precision.FP32)
#: These tests share the machine with others: being disturbed is theirs to bear.
TOLERANT = SURVEY.evolve(contended_share=10.0)


class Steps:
    def __init__(self) -> None:
        self.planned, self.texts = 0, list[str]()

    def total(self, steps: int) -> None:
        self.planned = steps

    def step(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def network(tmp_path: Path) -> Callable[..., Network]:
    def make(id_: str, latency_us: float = 1000.0, **script: Any) -> Network:
        file = tmp_path / f"{id_.replace(':', '_')}.json"
        file.write_text(json.dumps({"inputs": {"x": [1, 4]}, "latencies_us": [latency_us], **script}))
        document = NetworkDocument(
            name=file.name,
            sha256=file_sha256(file),
            size_bytes=file.stat().st_size,
            format="other",
            shapes={"x": (1, 4)},
            macs=1000,
            parameters=None,
            structural_hash=None,
        )
        return Network(id_, file, document, Format.ONNX, Precision.FP32, 1, {})

    return make


@pytest.fixture
def measured(network: Callable[..., Network], tmp_path: Path) -> Callable[..., tuple[Measured, Steps]]:
    def run(
        *networks: Network,
        protocol: MeasuringProtocol = TOLERANT,
        **wishes: Any,
    ) -> tuple[Measured, Steps]:
        anchors = (network("anchor:light", 500.0), network("anchor:heavy", 3000.0))
        batch = Batch(TARGET, FAKE, "1.0.0", Settings(), networks, anchors)
        steps = Steps()
        limits = JobLimits(prepare_s=5.0, run_s=5.0)
        result = measure_batches(
            [batch],
            protocol,
            Wishes(limits=limits, **wishes),
            Lab.of_this_machine(),
            AnchorStore(tmp_path / "state"),
            steps,
            lambda _: None,
        )
        return result, steps

    return run


def only(result: Measured) -> Measurement:
    (measurement,) = result.measurements
    return measurement


def test_a_network_gets_a_latency_an_interval_and_all_its_raw_samples(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    result, steps = measured(network("a", 3000.0))
    measurement = only(result)
    latency = measurement.latency
    assert measurement.status == "ok"
    assert latency is not None
    assert latency.interval.low_ms < latency.value_ms < latency.interval.high_ms
    # A scripted network computes until its time has passed, never for less.
    assert latency.min_ms >= 3.0
    assert [len(visit.wall_ns) for visit in measurement.visits] == [6, 5, 5], "16 in all"
    assert latency.samples == 16
    assert measurement.execution["precision_executed"] == "fp32"
    assert measurement.metrics.first_inference_ms is not None
    assert len(measurement.conditions) == SURVEY.visits
    assert steps.planned == len(steps.texts) == SURVEY.visits
    assert result.confinement is not None


def test_failures_stay_with_their_networks(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    bad = network("bad", failure={"kind": "unsupported_operator", "at": "prepare", "operator": "node"})
    result, _ = measured(network("a"), bad, network("b"))
    assert [m.status for m in result.measurements] == ["ok", "failed", "ok"]
    failure = result.measurements[1].failure
    assert failure is not None
    assert (failure.kind, failure.operator_name) == ("unsupported_op", "node")


def test_what_a_runtime_did_instead_makes_a_measurement_invalid(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    result, _ = measured(network("a", precision="int8"))
    assert not only(result).validity.valid
    assert "precision_differs" in [reason.name for reason in only(result).validity.reasons]


def test_what_is_opened_again_must_run_as_it_did(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    same, other = (replace(network(id_, exports=id_), own=True) for id_ in ("fp32", "int8"))
    result, _ = measured(same, other)
    assert [m.status for m in result.measurements] == ["ok", "failed"]
    failure = result.measurements[1].failure
    assert failure is not None
    assert "otherwise" in failure.message


def test_what_is_measured_beside_a_strangers_network_is_prepared_at_every_visit(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    result, _ = measured(replace(network("a", exports="int8"), own=True), network("b"))
    assert [m.status for m in result.measurements] == ["ok", "ok"]


def test_extras_are_runs_of_their_own_and_never_touch_the_latency(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    operators = [{"name": "conv", "share": 3.0}, {"name": "relu", "type": "Relu"}]
    result, steps = measured(
        network("a", operators=operators),
        network("b", profile=False),
        layers=True,
        memory=True,
        sustained_s=0.05,
    )
    a, b = result.measurements
    assert a.layers is not None
    assert a.latency is not None
    assert [layer.share for layer in a.layers] == [0.75, 0.25]
    assert sum(layer.latency_ms for layer in a.layers) == pytest.approx(a.latency.value_ms)
    assert b.layers is None
    assert b.notes == ("this network's script tells no times of layers",)
    assert a.metrics.peak_memory_bytes is not None
    assert a.metrics.sustained_latency_ms is not None
    assert steps.planned == len(steps.texts) == 2 * SURVEY.visits + 1 + 2 * 2


def test_anchors_become_the_reference_of_the_next_session(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    first, _ = measured(network("a"))
    second, _ = measured(network("a"))
    assert only(first).latency is not None
    assert only(first).latency.drift is None  # type: ignore[union-attr]
    assert only(second).latency.drift is not None  # type: ignore[union-attr]


def test_a_state_folder_that_cannot_be_written_costs_only_the_history(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]], tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    result, _ = measured(network("a"))
    assert only(result).status == "ok"


def test_fresh_visits_start_a_process_each(
    network: Callable[..., Network], measured: Callable[..., tuple[Measured, Steps]]
) -> None:
    quick = PRECISE.evolve(
        warmup_s=0.01, min_timed_s=0.01, min_samples=10, until_converged=False, contended_share=10.0
    )
    result, _ = measured(network("a"), protocol=quick)
    assert only(result).status == "ok"
    assert len(only(result).visits) == PRECISE.visits


def test_an_engine_that_is_missing_fails_its_networks_alone(
    network: Callable[..., Network], tmp_path: Path
) -> None:
    anchors = (network("anchor:light"), network("anchor:heavy"))
    batch = Batch(TARGET, "no_such_package:Runtime", "0", Settings(), (network("a"),), anchors)
    result = measure_batches(
        [batch], SURVEY, Wishes(), Lab.of_this_machine(), AnchorStore(tmp_path), Steps(), lambda _: None
    )
    failure = only(result).failure
    assert failure is not None
    assert failure.kind == "internal"
