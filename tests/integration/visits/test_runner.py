"""Visits of scripted networks in real children: whatever a job does, only that job is charged."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgemeter.failures import FailureKind
from edgemeter.isolation import Confinement, Nursery
from edgemeter.protocols import SURVEY
from edgemeter_agents.runtimes.base import Settings
from edgemeter_agents.visits.messages import Failed, Job, Measured, Noted, Profiled, Task, VisitSpec
from edgemeter_agents.visits.runner import JobLimits, VisitError, VisitOutcome, run_visit

FAKE = "edgemeter_agents.runtimes.fake:FakeRuntime"
MIB = 1 << 20
LIMITS = JobLimits(prepare_s=2.0, run_s=2.0, memory_bytes=300 * MIB)
Write = Callable[..., Path]


def spec(*files: Path, task: Task = "latency", **more: Any) -> VisitSpec:
    jobs = tuple(Job(file.stem, str(file), {}) for file in files)
    fields = {"runtime": FAKE, "settings": Settings(), "protocol": SURVEY, "priority": "normal", "seed": 1}
    return VisitSpec(jobs=jobs, task=task, **{**fields, **more})


@pytest.fixture
def visit(nursery: Nursery) -> Callable[..., VisitOutcome]:
    def run(asked: VisitSpec, limits: JobLimits = LIMITS) -> VisitOutcome:
        return run_visit(nursery, asked, Confinement(), limits, lambda _: None)

    return run


def test_a_quiet_visit_measures_every_job_in_order(
    network: Write, visit: Callable[..., VisitOutcome]
) -> None:
    outcome = visit(spec(network("a"), network("b", latencies_us=[2000.0]), facts_of=frozenset({"b"})))
    a, b = outcome.results
    assert isinstance(a, Measured)
    assert isinstance(b, Measured)
    assert (a.job, b.job) == ("a", "b")
    assert min(a.block.wall_ms()) >= 1.0
    assert min(b.block.wall_ms()) >= 2.0
    assert a.facts is None
    assert b.facts is not None
    assert b.facts.runtime == "fake"
    assert outcome.confinement is not None
    assert outcome.confinement.no_new_privs


@pytest.mark.parametrize("at", ["prepare", "run"])
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ({"kind": "crash"}, FailureKind.RUNTIME_ERROR),
        ({"kind": "hang"}, FailureKind.TIMEOUT),
        ({"kind": "spin"}, FailureKind.TIMEOUT),
        ({"kind": "eat_memory", "megabytes": 2000}, FailureKind.OUT_OF_MEMORY),
        ({"kind": "raise"}, FailureKind.RUNTIME_ERROR),
        ({"kind": "unsupported_operator"}, FailureKind.UNSUPPORTED_OP),
        ({"kind": "malformed"}, FailureKind.MALFORMED),
    ],
)
def test_only_the_job_that_fails_is_charged(
    network: Write,
    visit: Callable[..., VisitOutcome],
    script: dict[str, Any],
    kind: FailureKind,
    at: str,
) -> None:
    bad = network("bad", failure={**script, "at": at})
    first, middle, last = visit(spec(network("first"), bad, network("last"))).results
    assert isinstance(first, Measured)
    assert isinstance(last, Measured)
    assert isinstance(middle, Failed)
    assert middle.job == "bad"
    assert middle.failure.kind is kind


def test_a_job_that_takes_its_child_down_every_time_does_not_stop_the_visit(
    network: Write, visit: Callable[..., VisitOutcome]
) -> None:
    crashing = [network(f"crash{n}", failure={"kind": "crash"}) for n in range(3)]
    results = visit(spec(*crashing, network("good"))).results
    assert [type(result) for result in results] == [Failed, Failed, Failed, Measured]


def test_an_unsupported_operator_is_named(network: Write, visit: Callable[..., VisitOutcome]) -> None:
    bad = network("bad", failure={"kind": "unsupported_operator", "at": "prepare", "operator": "node 7"})
    (result,) = visit(spec(bad)).results
    assert isinstance(result, Failed)
    assert (result.failure.operator_type, result.failure.operator_name) == ("FakeOp", "node 7")


def test_messages_hold_no_path_of_the_machine(network: Write, visit: Callable[..., VisitOutcome]) -> None:
    broken = network("broken")
    broken.write_text("{")
    (result,) = visit(spec(broken)).results
    assert isinstance(result, Failed)
    assert str(broken.parent) not in result.failure.message


def test_layers_memory_sustained_and_throughput(network: Write, visit: Callable[..., VisitOutcome]) -> None:
    operators = [{"name": "conv", "share": 3.0}, {"name": "relu", "type": "Relu"}]
    plain = network("plain", operators=operators)
    (layers,) = visit(spec(plain, task="layers")).results
    assert isinstance(layers, Profiled)
    assert [layer.name for layer in layers.layers] == ["conv", "relu"]
    (silent,) = visit(spec(network("silent", profile=False), task="layers")).results
    assert isinstance(silent, Profiled)
    assert silent.note == "this network's script tells no times of layers"
    eater = network("eater", failure={"kind": "eat_memory", "megabytes": 64})
    (memory,) = visit(spec(eater, task="memory")).results
    assert isinstance(memory, Noted)
    assert 60 * MIB <= memory.value <= 120 * MIB
    (sustained,) = visit(spec(plain, task="sustained", duration_s=0.1)).results
    assert isinstance(sustained, Noted)
    assert sustained.value >= 1.0
    (throughput,) = visit(spec(plain, task="throughput", duration_s=0.1, streams=2)).results
    assert isinstance(throughput, Noted)
    assert throughput.value > 0


def test_tensors_of_the_user_are_bound_and_wrong_ones_are_refused(
    network: Write, visit: Callable[..., VisitOutcome], tmp_path: Path
) -> None:
    def visited(**tensors: np.ndarray[Any, Any]) -> object:
        inputs = tmp_path / "inputs.npz"
        np.savez(inputs, **tensors)  # type: ignore[arg-type]
        job = Job("a", str(network("a")), {}, str(inputs))
        fields = {"runtime": FAKE, "settings": Settings(), "protocol": SURVEY, "priority": "normal"}
        (result,) = visit(VisitSpec(jobs=(job,), seed=0, **fields)).results  # type: ignore[arg-type]
        return result

    assert isinstance(visited(x=np.zeros((1, 4), np.float32)), Measured)
    for tensors, words in (
        ({"y": np.zeros((1, 4), np.float32)}, "'y'"),
        ({"x": np.zeros((2, 4), np.float32)}, "x"),
        ({}, "'x' was not supplied"),
    ):
        refused = visited(**tensors)
        assert isinstance(refused, Failed)
        assert refused.failure.kind is FailureKind.MALFORMED
        assert words in refused.failure.message


def test_a_runtime_that_cannot_be_loaded_is_no_jobs_fault(nursery: Nursery, network: Write) -> None:
    missing = spec(network("a"), runtime="no_such_package:Runtime")
    with pytest.raises(VisitError, match="did not start"):
        run_visit(nursery, missing, Confinement(), LIMITS, lambda _: None)


def test_each_file_lies_alone_in_its_folder(network: Write, tmp_path: Path) -> None:
    from edgemeter_agents.visits.folders import private_jobs

    asked = spec(network("a"), network("b"))
    with private_jobs(asked) as (moved, folder):
        for job, original in zip(moved.jobs, asked.jobs, strict=True):
            file = Path(job.file)
            assert folder in file.parents
            assert [entry for entry in file.parent.iterdir() if entry.is_file()] == [file]
            assert file.read_bytes() == Path(original.file).read_bytes()
            assert not file.is_symlink()
    assert not folder.exists()


def test_a_session_is_left_for_a_later_visit_that_opens_it_again(
    network: Write, visit: Callable[..., VisitOutcome], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    asked = spec(network("a", exports="fp32"), network("b"), facts_of=frozenset({"a"}))
    first, other = (replace(job, exports=str(kept) + job.id) for job in asked.jobs)
    [before, _] = visit(replace(asked, jobs=(first, other))).results
    assert [file.name for file in tmp_path.glob("kept*")] == ["kepta"], "b exports nothing"
    again = Job("a", f"{kept}a", {}, exported=True)
    [after] = visit(replace(asked, jobs=(again,))).results
    assert isinstance(before, Measured)
    assert isinstance(after, Measured)
    assert (before.prepare_ms is None, after.prepare_ms) == (False, None)
    assert before.facts == after.facts


def test_what_a_child_leaves_is_taken_only_where_it_is_a_plain_file(network: Write, tmp_path: Path) -> None:
    from edgemeter_agents.visits.folders import private_jobs, take_exports

    asked = spec(network("link"), network("second"), network("none"), network("plain"))
    jobs = tuple(replace(job, exports=str(tmp_path / f"kept-{job.id}")) for job in asked.jobs)
    asked = replace(asked, jobs=jobs)
    with private_jobs(asked) as (moved, _):
        link, second, _, plain = (Path(job.exports or "") for job in moved.jobs)
        link.symlink_to("/etc/passwd")
        second.hardlink_to(moved.jobs[1].file)
        plain.write_bytes(b"left")
        take_exports(asked, moved)
    assert [file.name for file in tmp_path.glob("kept-*")] == ["kept-plain"]
