"""Networks of a kernel campaign, and the file that keeps what was measured."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgemeter.graphs.graph import Cost, Graph, Operator, Tensor
from edgemeter.graphs.reading import read_graph
from edgemeter.kernels.campaign import (
    CampaignError,
    Heading,
    Row,
    append_rows,
    read_campaign,
    start_campaign,
)
from edgemeter.kernels.files import campaign_files, left_to_measure
from edgemeter.kernels.kernel import Kernel, KernelGraph
from edgemeter.kernels.sampling import (
    MOST_MACS,
    MOST_PARAMETERS,
    campaign_network,
    exported_network,
    judging_network,
)
from edgemeter.networks.costs import network_costs
from edgemeter.networks.writing import FileFormat
from edgemeter.targets import Precision

HEADING = Heading("board.cpu.onnxruntime-1.31.fp32.t1.b1", "1.31.1", "survey 1", 0)
GRAPH = KernelGraph(
    (Kernel("Conv", "c", ((1, 3, 8, 8),), ((1, 4, 8, 8),), 108, (3, 4), macs=9, time_us=2.5),)
)


TENSORS = {name: Tensor(name, (1, 3, 8, 8), "float32") for name in ("x", "y")}
OPERATOR = Operator(
    "Relu", "", "r", ("x",), ("y",), {"axis": 1, "pads": (1, 0)}, "float32", Cost(0, 9, 0, 0, 8)
)
SOURCE = Graph("onnx", "a tool", {"": 17}, ("x",), ("y",), (OPERATOR,), TENSORS, 0, None)


def row(name: str, batch: int = 0) -> Row:
    return Row(name, batch, 1.5, 1.6, True, (), GRAPH, source=SOURCE)


@settings(max_examples=25)
@given(st.integers(0, 10), st.integers(0, 5_000))
def test_every_number_is_a_network_within_bounds_and_always_the_same(seed: int, number: int) -> None:
    network = campaign_network(seed, number)
    costs = network_costs(network)
    assert len(network.nodes) > 0
    assert costs.macs <= MOST_MACS
    assert costs.parameters <= MOST_PARAMETERS
    assert campaign_network(seed, number) == network


@settings(max_examples=16)
@given(st.integers(0, 10), st.integers(0, 500))
def test_networks_to_judge_by_are_whole_ones_within_bounds(seed: int, number: int) -> None:
    network = judging_network(seed, number)
    assert len(network.nodes) >= 8
    assert network.input.channels == 3
    assert network_costs(network).macs <= MOST_MACS


def test_a_campaign_begins_with_the_networks_of_a_shorter_one() -> None:
    short = list(campaign_files(0, 30, "onnx", Precision.FP32))
    long = list(campaign_files(0, 60, "onnx", Precision.FP32))
    assert long[:30] == short
    assert len({file.name for file in long}) == 60
    kinds = {"network", "operator", "changeable", "exported"}
    assert {file.name.split("_")[0] for file in short} == kinds
    tflite = {file.name.split("_")[0] for file in campaign_files(0, 30, "tflite", Precision.FP32)}
    assert tflite == {"network", "operator"}
    judges = [file for file in campaign_files(0, 500, "onnx", Precision.FP32) if file.judging]
    assert len({file.name for file in judges}) == 40
    assert all(file.name.startswith("judging") for file in judges)
    int8 = campaign_files(0, 30, "onnx", Precision.INT8)
    assert {file.name.split("_")[0] for file in int8} == {"network"}


@settings(max_examples=50)
@given(st.integers(1, 320), st.integers(1, 4), st.integers(0, 400), st.integers(0, 320))
def test_networks_to_judge_by_are_measured_again_when_all_else_is_done(
    count: int, readings: int, broken_off: int, before: int
) -> None:
    files = list(campaign_files(0, count, "onnx", Precision.FP32))
    # What an earlier version had measured of it, or this one of a shorter campaign: each once.
    done = Counter(file.name for file in files[:before])
    first = left_to_measure(files, done, readings)[:broken_off]
    done.update(file.name for file in first)
    rest = left_to_measure(files, done, readings)
    new = [file for file in files if file.name not in done]
    assert rest[: len(new)] == new
    done.update(file.name for file in rest)
    assert done == {file.name: readings if file.judging else 1 for file in files}
    assert left_to_measure(files, done, readings) == []


@pytest.mark.parametrize(
    ("file_format", "package", "some"),
    [
        ("onnx", "onnx", {"LRN", "Softmax", "Resize", "ConvTranspose", "MatMul"}),
        ("tflite", "flatbuffers", {"SOFTMAX", "RESIZE_BILINEAR", "TRANSPOSE_CONV", "PACK", "PRELU"}),
    ],
)
def test_every_operator_network_is_one_that_can_be_read(
    file_format: FileFormat, package: str, some: set[str], tmp_path: Path
) -> None:
    pytest.importorskip(package)
    drawn = campaign_files(3, 200, file_format, Precision.FP32)
    files = [file for file in drawn if "operator" in file.name]
    types = set[str]()
    for file in files:
        (tmp_path / file.name).write_bytes(file.content())
        graph = read_graph(tmp_path / file.name)
        assert graph.operators
        types.update(operator.type for operator in graph.operators)
        assert all(graph.tensors[name].shape is not None for name in graph.outputs)
    assert len(files) == 36
    assert some <= types


def test_changeable_weights_are_inputs_and_nothing_else_is(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    file = next(f for f in campaign_files(0, 30, "onnx", Precision.FP32) if "changeable" in f.name)
    model = onnx.load_from_string(file.content())
    weights = {tensor.name for tensor in model.graph.initializer if len(tensor.dims) > 1}
    assert weights
    assert {value.name for value in model.graph.input} == {"input", *weights}


def test_networks_as_other_tools_export_them_compute_the_same(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    drawn = (f for f in campaign_files(0, 250, "onnx", Precision.FP32) if f.name.startswith("exported"))
    kinds: set[str] = set()
    for file in islice(drawn, 12):
        path = tmp_path / file.name
        path.write_bytes(file.content())
        graph = read_graph(path)
        assert graph.macs == network_costs(exported_network(file.seed, file.number)).macs
        assert all(graph.tensors[name].shape for name in graph.outputs)
        kinds |= {operator.type for operator in graph.operators}
    assert {"BatchNormalization", "Dropout", "Softmax", "Sum", "Concat", "Reshape"} <= kinds


def test_what_was_measured_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.jsonl"
    assert start_campaign(path, HEADING).rows == ()
    failed = Row("b", 1, None, None, False, (), None, failure="it is no network")
    append_rows(path, [row("a")])
    append_rows(path, [failed])
    campaign = read_campaign(path)
    assert campaign.heading == HEADING
    assert campaign.rows == (row("a"), failed)
    assert campaign.readings == {"a": 1, "b": 1}
    assert campaign.batches == 2
    assert [each.usable for each in campaign.rows] == [True, False]


@given(cut=st.integers(1, 60))
@settings(max_examples=10)
def test_a_line_that_was_cut_off_is_measured_again(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "a.jsonl"
    start_campaign(path, HEADING)
    append_rows(path, [row("a"), row("b")])
    path.write_bytes(path.read_bytes()[:-cut])
    assert start_campaign(path, HEADING).readings == {"a": 1}
    append_rows(path, [row("c")])
    assert [each.network for each in read_campaign(path).rows] == ["a", "c"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replace(HEADING, seed=1), "its seed is 0, not 1. Choose"),
        (replace(HEADING, protocol="survey 2"), "its protocol is survey 1, not survey 2. Choose"),
        (replace(HEADING, engine_version="1.32", seed=2), "engine version is 1.31.1, not 1.32, its seed is"),
    ],
)
def test_another_campaign_is_never_continued(other: Heading, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    start_campaign(path, HEADING)
    with pytest.raises(CampaignError, match=words):
        start_campaign(path, other)


@pytest.mark.parametrize("content", ["", "{}\n", '{"target": 3}\n', "no json\n", "\x00\x01"])
def test_what_is_no_campaign_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(CampaignError, match="no kernel campaign"):
        read_campaign(path)
