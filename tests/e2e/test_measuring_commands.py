"""Real engines, real networks, the whole way from the command line to the document."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from edgemeter.measurement import MeasurementReport
from edgemeter.targets import Precision
from edgemeter_agents.networks import anchors, demos
from edgemeter_agents.runtimes.base import Format

Run = Callable[..., subprocess.CompletedProcess[str]]
MOBILE, RESIDUAL = (network.path for network in demos(Format.ONNX, Precision.FP32))
MOBILE_INT8 = demos(Format.ONNX, Precision.INT8)[0].path
MOBILE_TFLITE = demos(Format.TFLITE, Precision.INT8)[0].path
QUICK = ("--protocol", "survey")


def save(file: Path, node: onnx.NodeProto, shape: list[int | str]) -> Path:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y"))
    graph = helper.make_graph([node], "g", [x], [y])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("example.strange", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), file)
    return file


def test_measure_prints_one_valid_document(edgemeter: Run) -> None:
    done = edgemeter("measure", MOBILE, MOBILE_INT8, MOBILE_TFLITE, *QUICK, "--layers", "--memory", "--json")
    report = MeasurementReport.model_validate_json(done.stdout)
    assert done.returncode == 0, [measurement.failure for measurement in report.measurements]
    slugs = {(m.network.name, m.target.runtime, m.target.precision) for m in report.measurements}
    assert slugs == {
        ("mobile_fp32.onnx", "onnxruntime", "fp32"),
        ("mobile_fp32.onnx", "openvino", "fp32"),
        ("mobile_int8.onnx", "onnxruntime", "int8"),
        ("mobile_int8.onnx", "openvino", "int8"),
        ("mobile_int8.tflite", "litert", "int8"),
        ("mobile_int8.tflite", "openvino", "int8"),
    }
    for measurement in report.measurements:
        assert measurement.latency is not None, measurement.failure
        assert measurement.execution["precision_executed"] == measurement.target.precision
        assert measurement.execution["threads"] == 1
        assert measurement.layers
        assert sum(layer.share for layer in measurement.layers) == pytest.approx(1.0)
        assert measurement.metrics.peak_memory_bytes
        assert measurement.metrics.load_ms
        assert measurement.metrics.prepare_ms
        assert measurement.network.macs
    confinement = report.provenance["confinement"]
    assert confinement["no_new_privs"]


def test_measure_shows_a_table_and_progress_apart(edgemeter: Run) -> None:
    done = edgemeter("measure", MOBILE, *QUICK, "-t", "onnxruntime")
    assert done.returncode == 0, done.stderr
    assert "mobile_fp32.onnx" in done.stdout
    assert "cpu.onnxruntime" in done.stdout
    assert "[3/3]" in done.stderr
    # Progress lines look like "[1/3] onnxruntime: ..."; remarks below the table may speak of visits.
    assert "[3/3]" not in done.stdout


def test_targets_lists_what_is_installed(edgemeter: Run) -> None:
    done = edgemeter("targets", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert {target["runtime"] for target in document["targets"]} == {"onnxruntime", "openvino", "litert"}
    assert set(document["permissions"]) == {"fifo", "nice", "pinning", "counters", "schedstat"}
    assert edgemeter("targets").returncode == 0


def test_check_answers_by_its_exit_code(edgemeter: Run) -> None:
    def check(limit_ms: float) -> int:
        return edgemeter(
            "check", MOBILE, "-t", "onnxruntime", "--max-latency-ms", limit_ms, *QUICK
        ).returncode

    assert check(10_000) == 0
    assert check(0.0001) == 1


def test_check_is_undecided_within_the_interval(edgemeter: Run) -> None:
    first = edgemeter("measure", MOBILE, "-t", "onnxruntime", *QUICK, "--json")
    latency = MeasurementReport.model_validate_json(first.stdout).measurements[0].latency
    assert latency is not None
    words = ("check", MOBILE, "-t", "onnxruntime", *QUICK, "--json", "--max-latency-ms")
    done = edgemeter(*words, latency.value_ms)
    document = json.loads(done.stdout)
    codes = {"ok": 0, "above": 1, "undecided": 3, "failed": 4}
    # The second session is its own: what it says must fit what it measured.
    assert done.returncode == codes[document["verdict"]]
    (again,) = MeasurementReport.model_validate(document["report"]).measurements
    assert again.latency is not None
    inside = again.latency.interval.low_ms < latency.value_ms < again.latency.interval.high_ms
    assert (document["verdict"] == "undecided") is (inside and again.validity.valid)


def test_compare_finds_a_large_difference(edgemeter: Run) -> None:
    light, heavy = (network.path for network in anchors(Format.ONNX, Precision.FP32))
    done = edgemeter("compare", light, heavy, "-t", "openvino", "--visits", 4, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)["comparison"]
    assert document["verdict"] == "slower"
    assert document["interval"]["low"] > 2


def test_a_dynamic_network_needs_its_shape(edgemeter: Run, tmp_path: Path) -> None:
    file = save(tmp_path / "dynamic.onnx", helper.make_node("Relu", ["x"], ["y"]), [1, "n"])
    refused = edgemeter("measure", file, *QUICK, "-t", "onnxruntime")
    assert refused.returncode == 2
    assert "--shape x=" in refused.stderr
    bound = edgemeter("measure", file, *QUICK, "-t", "onnxruntime", "--shape", "x=1,64", "--json")
    assert bound.returncode == 0, bound.stderr
    (measurement,) = MeasurementReport.model_validate_json(bound.stdout).measurements
    assert measurement.network.shapes == {"x": (1, 64)}


def test_a_network_that_needs_more_memory_than_allowed_fails_alone(
    edgemeter_once: Run, tmp_path: Path
) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    file = save(tmp_path / "large.onnx", node, [1, 64 << 20])
    words = ("measure", file, MOBILE, *QUICK, "-t", "onnxruntime", "--memory-limit", 400, "--json")
    done = edgemeter_once(*words)
    assert done.returncode == 4
    large, mobile = MeasurementReport.model_validate_json(done.stdout).measurements
    assert large.failure is not None
    assert large.failure.kind == "out_of_memory"
    assert mobile.status == "ok" or (mobile.failure and mobile.failure.kind == "contended")


def test_an_unknown_operator_is_named_by_every_runtime(edgemeter_once: Run, tmp_path: Path) -> None:
    node = helper.make_node("Wobble", ["x"], ["y"], name="the_odd_one", domain="example.strange")
    file = save(tmp_path / "strange.onnx", node, [1, 4])
    done = edgemeter_once("measure", file, *QUICK, "--json")
    assert done.returncode == 4
    report = MeasurementReport.model_validate_json(done.stdout)
    for measurement in report.measurements:
        assert measurement.failure is not None
        assert measurement.failure.kind == "unsupported_op"
        assert "Wobble" in (measurement.failure.operator_type or "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("measure", MOBILE, "-t", "tensorrt"), "could run on"),
        (("measure", MOBILE, "-t", "onnxruntime.t4096"), "threads"),
        (("measure", MOBILE, "--shape", "x=1,,2"), "is not a shape"),
        (("measure", MOBILE, MOBILE, "--input", MOBILE), "--input belongs to one network"),
        (("measure", "missing.onnx"), "does not exist"),
        (("check", MOBILE, "-t", "onnxruntime"), "--max-latency-ms"),
        (("check", MOBILE, "-t", "cpu", "--max-latency-ms", 1), "name one of them"),
        (("compare", MOBILE, MOBILE_INT8, "-t", "onnxruntime"), "name one of them"),
        (("compare", MOBILE, MOBILE_TFLITE, "-t", "litert"), "litert does not read onnx files"),
    ],
)
def test_wrong_words_are_answered_in_words(edgemeter: Run, words: tuple[object, ...], told: str) -> None:
    done = edgemeter(*words)
    assert done.returncode == 2, done.stderr
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.onnx", b""),
        ("truncated.onnx", MOBILE.read_bytes()[:5000]),
        ("truncated.tflite", MOBILE_TFLITE.read_bytes()[:5000]),
        ("random.onnx", bytes(range(256)) * 64),
        ("zipped.onnx", b"PK\x03\x04" + bytes(100)),
    ],
)
def test_broken_files_are_refused_before_any_engine(
    edgemeter: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    done = edgemeter("measure", MOBILE, file, *QUICK)
    assert done.returncode == 2
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert str(tmp_path) not in done.stderr
