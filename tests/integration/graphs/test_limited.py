"""Reading in a limited child: the same graph, the same refusals, and nothing that it does reaches us."""

import json
from pathlib import Path

import pytest
from onnx import TensorProto, helper, save_model

from edgemeter.failures import FailureError, FailureKind
from edgemeter.graphs import limited, read_graph, structural_hash
from edgemeter.graphs.limited import graph_from_json, graph_to_json, read_graph_limited
from edgemeter_agents.networks import SHIPPED

GOLDEN = Path(__file__).parents[2] / "data" / "mobilenet_v2.onnx"
SHAPES = {"input": (1, 3, 224, 224)}


def test_the_graph_is_the_same():
    graph = read_graph_limited(GOLDEN, SHAPES)

    assert graph == read_graph(GOLDEN, SHAPES)
    assert structural_hash(graph) == structural_hash(read_graph(GOLDEN, SHAPES))


@pytest.mark.parametrize("network", SHIPPED, ids=lambda network: network.path.name)
def test_every_shipped_network_comes_through_unchanged(network):
    graph = read_graph(network.path)

    assert graph_from_json(json.loads(json.dumps(graph_to_json(graph)))) == graph


def test_a_link_of_the_caller_is_followed(tmp_path):
    (tmp_path / "link.onnx").symlink_to(GOLDEN)

    assert read_graph_limited(tmp_path / "link.onnx", SHAPES).macs == 300_774_272


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"PK\x03\x04", "ZIP"), (b"\x08\x08", "no network"), (b"\xff" * 99, "broken")],
)
def test_refusals_come_through_in_words(tmp_path, content, words):
    file = tmp_path / "network.onnx"
    file.write_bytes(content)

    with pytest.raises(FailureError, match=words) as refused:
        read_graph_limited(file)
    assert refused.value.failure.kind is FailureKind.MALFORMED
    assert str(tmp_path) not in str(refused.value)


def test_an_open_input_is_refused_by_name():
    with pytest.raises(FailureError, match="--shape input=1,3,224,224"):
        read_graph_limited(GOLDEN)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        read_graph_limited(tmp_path / "nothing.onnx")


def test_what_comes_back_is_checked(monkeypatch):
    """The child read a hostile file: what it says is input like any other."""
    monkeypatch.setattr(limited, "run_limited", lambda *_, **__: {"format": "onnx", "operators": "none"})

    with pytest.raises(FailureError, match="no network") as refused:
        read_graph_limited(GOLDEN, SHAPES)
    assert refused.value.failure.kind is FailureKind.RUNTIME_ERROR


def test_the_largest_network_that_the_limits_let_through_fits_the_child(tmp_path):
    nodes = [
        helper.make_node("Conv", [f"t{i}", "w"], [f"t{i + 1}"], f"conv{i}", pads=[1] * 4)
        for i in range(15_000)
    ]
    graph = helper.make_graph(
        nodes,
        "long",
        [helper.make_tensor_value_info("t0", TensorProto.FLOAT, (1, 3, 8, 8))],
        [helper.make_empty_tensor_value_info("t15000")],
        [helper.make_tensor("w", TensorProto.FLOAT, (3, 3, 3, 3), [0.0] * 81)],
    )
    file = tmp_path / "long.onnx"
    save_model(helper.make_model(graph), file)

    assert read_graph_limited(file).macs == 15_000 * 64 * 81
