"""The commands about kernels, on a device of which everything is known."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edgemeter.cli.exits import Exit
from edgemeter.cli.kernels.evaluating import evaluate_networks
from edgemeter.cli.kernels.group import kernels
from edgemeter.cli.predict import predict
from edgemeter.graphs.graph import Graph, Operator
from edgemeter.graphs.reading import read_graph
from edgemeter.kernels import plugins
from edgemeter.kernels.campaign import read_campaign
from edgemeter.kernels.files import campaign_files
from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter.kernels.onnx_sizes import OnnxSizes
from edgemeter.kernels.places import predictor_path
from edgemeter.kernels.plugins import MeasuredNetwork, MeasuredNetworks
from edgemeter.kernels.sampling import campaign_network
from edgemeter.kernels.sizes import Operation
from edgemeter.networks.writing import write
from edgemeter.protocols import SURVEY
from edgemeter.targets import Precision, Target, TargetSelector

pytest.importorskip("onnx")

TARGET = Target("board", "cpu", "onnxruntime", "1.31", Precision.FP32)
NETWORKS = 24


class KnownBench:
    """Every operator is a kernel that takes a start and so long for what it writes and multiplies. Anchors
    slow down with everything else; `busy` batches are spoilt by other load.
    """

    def __init__(self, slow: float = 1.0, busy: int = 0) -> None:
        self.slow, self.busy = slow, busy
        self.asked: list[list[str]] = []

    def target(self, selector: TargetSelector) -> Target:
        if not selector.matches(TARGET):
            raise LookupError(f"no target of this machine fits; there are {TARGET.slug}")
        return TARGET

    def engine_version(self, _: Target) -> str:
        return "1.31.1"

    def reads(self, _: Target, file: Path) -> bool:
        return file.suffix == ".onnx"

    def kernels(self, _: Target, file: Path, shapes: plugins.Shapes) -> KernelGraph:
        graph = read_graph(file, shapes)
        return KernelGraph(tuple(_kernel(graph, operator) for operator in graph.operators))

    def measure(self, target: Target, files: Sequence[Path], *_: object, **__: object) -> MeasuredNetworks:
        self.asked.append([file.name for file in files])
        if self.busy:
            self.busy -= 1
            spoilt = (MeasuredNetwork(file, failure="other work", contended=True) for file in files)
            return MeasuredNetworks(tuple(spoilt), None)
        found = [self._measured(target, file) for file in files]
        return MeasuredNetworks(tuple(found), (0.5 * self.slow, 5.0 * self.slow))

    def _measured(self, target: Target, file: Path) -> MeasuredNetwork:
        graph = self.kernels(target, file, {})
        value = self.slow * (0.01 + 1e-3 * sum(kernel.time_us or 0 for kernel in graph.kernels))
        return MeasuredNetwork(file, value, value, 0.9 * value, 1.1 * value, True, (), graph)


def _kernel(graph: Graph, operator: Operator) -> Kernel:
    taken, given = (
        [graph.tensors[name] for name in names if name] for names in (operator.inputs, operator.outputs)
    )
    maps, constants = (
        [each.shape or () for each in taken if each.constant is flag] for flag in (False, True)
    )
    kernel = OnnxSizes().kernel(
        Operation(operator.type, operator.attributes, constants),
        operator.type,
        operator.name,
        tuple(maps),
        tuple(each.shape or () for each in given),
        results=operator.outputs,
    )
    return replace(kernel, time_us=2.0 + kernel.macs / 10_000 + kernel.written / 2_000)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a campaign and a predictor, as the commands make them."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEMETER_STATE_DIR", str(folder))
        patch.setattr(plugins, "find_bench", KnownBench)
        done = run(kernels, "measure", "-t", "onnxruntime", "--networks", str(NETWORKS))
        assert done.exit_code == 0, done.output
        done = run(kernels, "fit", "-t", "onnxruntime", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["networks"] == NETWORKS
        shown = run(kernels, "fit", "-t", "onnxruntime").stdout
        assert f"{NETWORKS} to learn from" in shown
        assert "of kernels are the engine's" in shown
    return folder


@pytest.fixture
def bench(state: Path, monkeypatch: pytest.MonkeyPatch) -> KnownBench:
    known = KnownBench()
    monkeypatch.setenv("EDGEMETER_STATE_DIR", str(state))
    monkeypatch.setattr(plugins, "find_bench", lambda: known)
    return known


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Networks of another seed, and what is none."""
    networks = tmp_path / "networks"
    networks.mkdir()
    for number in range(3):
        content = write(campaign_network(9, number), "onnx", Precision.FP32)
        (networks / f"{number}.onnx").write_bytes(content)
    (networks / "README.md").write_text("not a network")
    return networks


def run(command: Any, *words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def test_networks_measured_here_are_held_against_predictions(bench: KnownBench, folder: Path) -> None:
    bench.slow = 1.2
    done = run(evaluate_networks, str(folder), "-t", "onnxruntime", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert [row["file"] for row in document["networks"]] == ["0.onnx", "1.onnx", "2.onnx"]
    for row in document["networks"]:
        assert {"measured_ms", "predicted_ms", "low_ms", "high_ms", "unknown_operators"} <= row.keys()
        assert row["low_ms"] < row["predicted_ms"] < row["high_ms"]
        assert row["raw_ms"] == pytest.approx(1.2 * row["measured_ms"])
    assert document["mape_percent"] < 20 < document["raw_mape_percent"] + 20
    summary = {"rmse_ms", "within_5_percent", "within_10_percent", "spearman", "kendall"}
    assert summary | {"coverage_90_percent", "width_90_percent", "n_train", "n_test"} <= document.keys()
    assert (document["n_train"], document["n_test"], document["model"]) == (NETWORKS, 3, "kernel")
    assert "1 files that onnxruntime does not read are left out" in done.stderr


def test_what_other_load_has_spoilt_is_measured_again(bench: KnownBench, folder: Path) -> None:
    bench.busy = 2
    assert run(evaluate_networks, str(folder), "-t", "onnxruntime").exit_code == 0
    bench.busy = 5
    done = run(evaluate_networks, str(folder), "-t", "onnxruntime", "--json")
    assert done.exit_code == Exit.FAILED
    assert len(json.loads(done.stdout)["failed"]) == 3


def test_a_file_is_predicted_with_its_parts(bench: KnownBench, folder: Path) -> None:
    done = run(predict, str(folder / "0.onnx"), "-t", "onnxruntime", "--parts", "--json")
    assert done.exit_code == 0, done.output
    [estimate] = json.loads(done.stdout)["estimates"]
    assert estimate["file"] == "0.onnx"
    total = sum(part["latency_ms"] for part in estimate["kernels"]) + estimate["rest_ms"]
    assert total == pytest.approx(estimate["latency_ms"])
    assert bench.asked == []  # nothing was measured for it
    shown = run(predict, str(folder / "0.onnx"), "-t", "onnxruntime", "--parts")
    assert f"{TARGET.slug}: 0.onnx" in " ".join(shown.stdout.split())
    assert "the rest" in shown.stdout


def test_without_the_engine_the_kernels_are_told_by_rules_that_the_campaign_has_shown(
    bench: KnownBench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (str(folder / "0.onnx"), "-t", "onnxruntime")
    [engine] = json.loads(run(predict, *words, "--json").stdout)["estimates"]

    def missing() -> KnownBench:
        raise plugins.MissingPluginError("no engine here")

    monkeypatch.setattr(plugins, "find_bench", missing)
    done = run(predict, *words, "--parts", "--json")
    assert done.exit_code == 0, done.output
    [rules] = json.loads(done.stdout)["estimates"]
    assert (engine["told_by"], rules["told_by"]) == ("engine", "rules")
    assert rules["target"] == engine["target"] == TARGET.slug
    assert rules["latency_ms"] == pytest.approx(engine["latency_ms"])
    assert "learned rules" in run(predict, *words).stdout
    assert "nor is there a kernel predictor" in run(predict, words[0], "-t", "openvino").output


class TwoPrecisions(KnownBench):
    """Runs fp32 and int8, so that words without a precision fit both."""

    def target(self, selector: TargetSelector) -> Target:
        if selector.precision is None:
            raise plugins.SeveralTargetsError("several targets fit")
        return replace(TARGET, precision=selector.precision)


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8])
def test_a_file_says_which_precision_is_meant(
    precision: Precision, bench: KnownBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "find_bench", TwoPrecisions)
    file = tmp_path / "network.onnx"
    file.write_bytes(write(campaign_network(9, 0), "onnx", precision))
    done = run(predict, str(file), "-t", "onnxruntime", "--json")
    assert f"network.onnx is {precision}" in done.stderr
    if precision is Precision.FP32:
        assert json.loads(done.stdout)["estimates"][0]["target"] == TARGET.slug
    else:
        assert f"no kernel predictor of {replace(TARGET, precision=precision).slug}" in str(done.exception)


def test_a_file_says_which_saved_predictor_is_meant(
    bench: KnownBench, state: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> KnownBench:
        raise plugins.MissingPluginError("no engine here")

    monkeypatch.setattr(plugins, "find_bench", missing)
    monkeypatch.setenv("EDGEMETER_STATE_DIR", str(tmp_path))
    (tmp_path / "kernels").mkdir()
    known = predictor_path(TARGET.slug)
    for precision in (Precision.FP32, Precision.INT8):
        content = (state / "kernels" / known.name).read_bytes()
        predictor_path(replace(TARGET, precision=precision).slug).write_bytes(content)
    done = run(predict, str(folder / "0.onnx"), "-t", "onnxruntime", "--json")
    assert json.loads(done.stdout)["estimates"][0]["target"] == TARGET.slug


def test_a_campaign_goes_on_where_it_was_and_measures_nothing_twice(
    bench: KnownBench, tmp_path: Path
) -> None:
    words = ("measure", "-t", "onnxruntime", "-o", str(tmp_path / "c.jsonl"), "--networks")
    bench.busy = 1
    assert run(kernels, *words, "4").exit_code == 0
    assert run(kernels, *words, "6", "--json").exit_code == 0
    assert [len(batch) for batch in bench.asked] == [4, 4, 2]
    assert not set(bench.asked[1]) & set(bench.asked[2])
    bench.busy = 99
    assert run(kernels, *words, "8").exit_code == Exit.UNFINISHED


def test_a_campaign_goes_on_with_what_its_predictor_knows_least(
    bench: KnownBench, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(state, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("EDGEMETER_STATE_DIR", str(tmp_path))
    words = ("measure", "-t", "onnxruntime", "--active", "--networks")
    done = run(kernels, *words, str(NETWORKS + 3), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["done"] == NETWORKS + 3
    [batch] = bench.asked
    known = {file.name for file in campaign_files(0, NETWORKS, "onnx", Precision.FP32)}
    assert len(set(batch) - known) == len(batch) == 3
    assert run(kernels, *words, str(NETWORKS + 3)).exit_code == 0
    assert len(bench.asked) == 1  # those that were chosen count
    predictor_path(TARGET.slug).unlink()
    assert "no kernel predictor of" in str(run(kernels, *words, "30").exception)


def test_a_campaign_of_another_version_of_its_protocol_is_not_gone_on_with(
    bench: KnownBench, tmp_path: Path
) -> None:
    """Files of before say no version: which it was is not known."""
    file = tmp_path / "c.jsonl"
    words = ("measure", "-t", "onnxruntime", "-o", str(file), "--networks")
    assert run(kernels, *words, "4").exit_code == 0
    file.write_text(file.read_text().replace(f"survey {SURVEY.version}+", "survey+", 1))
    refused = run(kernels, *words, "6")
    assert "its protocol is survey+contended_share=0.2, not survey " in str(refused.exception)
    assert len(bench.asked) == 1


def test_networks_to_judge_by_are_measured_again_at_the_end_also_of_a_campaign_begun_before(
    bench: KnownBench, tmp_path: Path
) -> None:
    path = tmp_path / "c.jsonl"
    words = ("measure", "-t", "onnxruntime", "-o", str(path), "--networks", "44", "--json")
    once = run(kernels, *words, "--readings", "1")  # as all campaigns were
    assert [len(batch) for batch in bench.asked] == [40, 4]
    judges = bench.asked[1]
    again = run(kernels, *words)
    assert bench.asked[2:] == [judges]
    assert (once.exit_code, again.exit_code) == (0, 0)
    documents = [json.loads(done.stdout) for done in (once, again)]
    assert [(each["done"], each["measurements"]) for each in documents] == [(44, 44), (44, 48)]
    batches = {(row.network, row.batch) for row in read_campaign(path).rows if row.judging}
    assert batches == {(name, batch) for name in judges for batch in (1, 2)}


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        (predict, ("missing.onnx", "-t", "onnxruntime"), "no file missing.onnx"),
        (predict, ("hurricane", "-t", "onnxruntime"), "name architectures"),
        (evaluate_networks, (".", "-t", "openvino"), "no target of this machine fits"),
        (evaluate_networks, (".", "-t", "???"), "is not a target"),
        (kernels, ("fit", "-t", "onnxruntime", "--campaign", "none.jsonl"), "edgemeter kernels measure"),
    ],
)
def test_what_the_user_can_mend_is_told(
    bench: KnownBench,
    command: Any,
    words: tuple[str, ...],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(command, *words)
    assert done.exit_code != 0
    assert says in done.output


def test_a_target_without_a_predictor_says_how_to_get_one(
    bench: KnownBench, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEMETER_STATE_DIR", str(tmp_path))
    for command in (evaluate_networks, predict):
        done = run(command, str(folder if command is evaluate_networks else folder / "0.onnx"), "-t", "cpu")
        assert "edgemeter kernels fit" in str(done.exception)


def test_the_two_sides_are_found_where_they_are_installed() -> None:
    pytest.importorskip("onnxruntime")
    bench = plugins.find_bench()
    assert bench.reads(bench.target(TargetSelector.parse("onnxruntime.fp32")), Path("a.onnx"))
    with pytest.raises(plugins.SeveralTargetsError, match=r"onnxruntime-\S+\.int8\.t1\.b1; name one"):
        bench.target(TargetSelector.parse("onnxruntime"))
    assert plugins.find_pricing() is not None
