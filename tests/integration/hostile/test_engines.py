"""Hostile files straight to the engines, past the reader that would have refused most of them.

Whatever an engine does with them, the caller lives, every job ends within its limits, and an honest network
at the end of the visit is still measured.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgemeter.failures import FailureKind
from edgemeter.isolation import Confinement
from edgemeter.protocols import SURVEY
from edgemeter.targets import Precision
from edgemeter_agents.batches.lab import start_nursery
from edgemeter_agents.networks import anchors
from edgemeter_agents.runtimes.base import Format, Settings
from edgemeter_agents.visits.messages import Failed, Job, Measured, Result, VisitSpec
from edgemeter_agents.visits.runner import JobLimits, run_visit

MUTANTS = 1000
MIB = 1 << 20
LIMITS = JobLimits(prepare_s=4.0, run_s=4.0, memory_bytes=1500 * MIB)
GLANCE = SURVEY.evolve(visits=1, warmup_runs=1, warmup_s=0.0, min_samples=1, min_timed_s=0.0)
Visit = Callable[..., tuple[Result, ...]]


def tiny_onnx(file: Path) -> Path:
    weight = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["y"], name="pool"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 1, 1])
    return save(file, helper.make_graph(nodes, "tiny", [x], [y], [weight]))


def save(file: Path, graph: onnx.GraphProto) -> Path:
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    return file


def mutants(original: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Flipped bytes, cuts, doubled stretches and swapped lengths, a few in each."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(original)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    data[at] ^= 1 << chance.randrange(8)
                case 2:
                    data[at : at + 4] = chance.choice([b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xff" * 4])
                case _:
                    data[at:at] = data[at : at + chance.randint(1, 64)]
        yield bytes(data[: chance.randrange(len(data))] if chance.random() < 0.05 else data)


@pytest.fixture
def visit() -> Visit:
    def run(runtime: str, files: list[Path], limits: JobLimits = LIMITS) -> tuple[Result, ...]:
        jobs = tuple(Job(str(number), str(file), {}) for number, file in enumerate(files))
        spec = VisitSpec(runtime, Settings(), GLANCE, jobs, "normal", seed=0)
        with start_nursery(runtime) as nursery:
            return run_visit(nursery, spec, Confinement(), limits, lambda _: None).results

    return run


@pytest.mark.timeout(300)
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "litert"])
def test_a_thousand_mutants(visit: Visit, tmp_path: Path, runtime: str) -> None:
    good = tiny_onnx(tmp_path / "good.onnx")
    if runtime == "litert":
        good = anchors(Format.TFLITE, Precision.INT8)[0].path
    files = []
    for number, data in enumerate(mutants(good.read_bytes(), MUTANTS, seed=20261121)):
        files.append(tmp_path / f"{number}{good.suffix}")
        files[-1].write_bytes(data)
    results = visit(runtime, [*files, good])
    assert len(results) == MUTANTS + 1
    assert isinstance(results[-1], Measured)
    failures = [result.failure for result in results if isinstance(result, Failed)]
    assert failures, "no mutant did any harm: the mutations are too weak to prove anything"
    assert all(failure.kind is not FailureKind.INTERNAL for failure in failures)
    assert not any(str(tmp_path) in failure.message for failure in failures)


def endless_loop() -> onnx.GraphProto:
    """A loop over constants: an engine that folds constants runs it while it prepares."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_in"], ["go_out"]),
            helper.make_node("Add", ["value_in", "value_in"], ["value_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value_in", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value_out", TensorProto.FLOAT, [1]),
        ],
    )
    constants = [
        numpy_helper.from_array(np.array(2**62, np.int64), "trips"),
        numpy_helper.from_array(np.array(True), "go"),
        numpy_helper.from_array(np.ones(1, np.float32), "start"),
    ]
    nodes = [
        helper.make_node("Loop", ["trips", "go", "start"], ["looped"], body=body),
        helper.make_node("Add", ["x", "looped"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y"))
    return helper.make_graph(nodes, "endless", [x], [y], constants)


def many_nodes(count: int) -> onnx.GraphProto:
    nodes = [helper.make_node("Neg", [f"t{n}"], [f"t{n + 1}"], name=f"n{n}") for n in range(count)]
    x = helper.make_tensor_value_info("t0", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info(f"t{count}", TensorProto.FLOAT, [1])
    return helper.make_graph(nodes, "many", [x], [y])


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("graph", [endless_loop, lambda: many_nodes(200_000)], ids=["loop", "nodes"])
def test_preparing_is_limited_too(
    visit: Visit, tmp_path: Path, runtime: str, graph: Callable[[], onnx.GraphProto]
) -> None:
    bad = save(tmp_path / "bad.onnx", graph())
    results = visit(runtime, [bad, tiny_onnx(tmp_path / "good.onnx")])
    assert isinstance(results[0], Failed)
    assert results[0].failure.kind in {
        FailureKind.TIMEOUT,
        FailureKind.OUT_OF_MEMORY,
        FailureKind.RUNTIME_ERROR,
    }
    assert isinstance(results[1], Measured)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("location", ["../1/model.onnx", "/etc/passwd", "../../secret.bin"])
def test_no_neighbour_is_read_as_external_data(
    visit: Visit, tmp_path: Path, runtime: str, location: str
) -> None:
    stolen = onnx.TensorProto(
        name="w", data_type=TensorProto.UINT8, dims=[16], data_location=TensorProto.EXTERNAL
    )
    stolen.external_data.add(key="location", value=location)
    nodes = [
        helper.make_node("Cast", ["w"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "f"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [16]) for name in ("x", "y"))
    thief = tmp_path / "thief.onnx"
    model = helper.make_model(
        helper.make_graph(nodes, "thief", [x], [y], [stolen]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    thief.write_bytes(model.SerializeToString())
    result, victim = visit(runtime, [thief, tiny_onnx(tmp_path / "victim.onnx")])
    assert isinstance(result, Failed)
    assert isinstance(victim, Measured)


def test_weights_that_are_not_numbers_are_measured_like_any_other(visit: Visit, tmp_path: Path) -> None:
    file = tiny_onnx(tmp_path / "nan.onnx")
    model = onnx.load(file)
    model.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.full((4, 3, 3, 3), np.nan, np.float32), "w")
    )
    onnx.save(model, file)
    for runtime in ("onnxruntime", "openvino"):
        (result,) = visit(runtime, [file])
        assert isinstance(result, Measured)
