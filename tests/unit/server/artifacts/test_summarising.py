"""Features of networks: those whose sizes are fixed, and those that leave some open."""

import pytest
from onnx import TensorProto, helper, save_model

from edgemeter.failures import FailureError
from edgemeter.graphs import read_graph, structural_hash
from edgemeter_agents.networks import SHIPPED
from edgemeter_server.artifacts.summarising import summary_of


def features_of(file):
    return summary_of(file).features


@pytest.fixture
def written(tmp_path):
    """Writes a convolution with the given input sizes."""

    def write(*sizes, nodes=None, inputs=None):
        shown = inputs or [helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes or None)]
        graph = helper.make_graph(
            nodes or [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)],
            "network",
            shown,
            [helper.make_empty_tensor_value_info("y")],
            [helper.make_tensor("w", TensorProto.FLOAT, (8, 3, 3, 3), [0.0] * 216)],
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in (("", 17), ("foreign", 1))]
        save_model(helper.make_model(graph, opset_imports=opsets), tmp_path / "n.onnx")
        return tmp_path / "n.onnx"

    return write


@pytest.mark.parametrize("network", SHIPPED, ids=lambda network: network.path.name)
def test_shipped_networks(network):
    features = features_of(network.path)
    graph = read_graph(network.path)

    assert features.precision == network.precision
    assert (features.macs, features.parameters) == (graph.macs, graph.parameters)
    assert features.structural_hash == structural_hash(graph)
    assert sum(features.operator_types.values()) == features.operators == len(graph.operators)
    assert list(features.inputs) == ["image"]
    assert features.peak_memory_bytes == graph.peak_activation_bytes + graph.weight_bytes


def test_a_network_with_fixed_sizes(written):
    features = features_of(written(1, 3, 8, 8))

    assert features.inputs == {"x": (1, 3, 8, 8)}
    assert features.operator_types == {"Conv": 1}
    assert (features.macs, features.parameters) == (64 * 216, 216)


@pytest.mark.parametrize("sizes", [("N", 3, 8, 8), ("N", 3, "H", "W"), (1, 3, 0, 8), (None, 3, 8, None)])
def test_open_sizes_leave_what_does_not_depend_on_them(written, sizes):
    features = features_of(written(*sizes))

    assert features.inputs == {"x": tuple(size or "?" for size in sizes)}
    assert (features.operators, features.operator_types, features.parameters) == (1, {"Conv": 1}, 216)
    assert (features.macs, features.peak_memory_bytes, features.structural_hash) == (None, None, None)
    assert summary_of(written(*sizes)).graph is None


def test_even_the_rank_may_be_open(written):
    assert features_of(written()).inputs == {"x": ("?",)}


def test_an_operator_that_nobody_knows_leaves_the_multiply_adds_open(written):
    nodes = [helper.make_node("Secret", ["x"], ["y"], domain="foreign")]

    features = features_of(written(1, 3, nodes=nodes))

    assert features.macs is None
    assert features.operator_types == {"foreign:Secret": 1}


def test_names_are_bounded_and_printable(written):
    kinds = [f"K{number}{'k' * 300}\n" for number in range(100)]
    nodes = [helper.make_node(kind, ["x"], [f"y{kind}"], domain="foreign") for kind in kinds]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ("\x1b[31m" * 50,))
        for name in ("x", *(f"i{number}\n{'i' * 300}" for number in range(100)))
    ]

    features = features_of(written(nodes=nodes, inputs=inputs))

    assert len(features.model_dump_json()) < 64 << 10
    assert features.operator_types["others"] == 36
    assert all(
        name.isprintable() and len(name) <= 200 for name in (*features.operator_types, *features.inputs)
    )


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "n.onnx").write_bytes(b"\x08\x08")

    with pytest.raises(FailureError, match="no network"):
        features_of(tmp_path / "n.onnx")
