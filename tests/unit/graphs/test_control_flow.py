"""Bodies of If, Loop and Scan, and model-local functions."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from edgemeter.graphs import MalformedFileError, structural_hash


def value(name, shape, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def product(width, name):
    """A body that multiplies the outer `x` (1 x 4) with a weight of its own."""
    weight = helper.make_tensor(f"w{name}", TensorProto.FLOAT, (4, width), [0.0] * 4 * width)
    nodes = [
        helper.make_node("MatMul", ["x", f"w{name}"], [f"p{name}"]),
        helper.make_node("ReduceSum", [f"p{name}"], [f"o{name}"], keepdims=0),
    ]
    return helper.make_graph(nodes, name, [], [value(f"o{name}", ())], [weight])


def test_if_costs_its_dearest_branch_and_holds_the_weights_of_both(read, onnx):
    node = helper.make_node("If", ["c"], ["y"], then_branch=product(8, "a"), else_branch=product(3, "b"))
    graph = read(onnx({"x": ("float32", (1, 4)), "c": ("bool", ())}, [node], ["y"]))

    (branch,) = graph.operators
    assert branch.cost.macs == 4 * 8
    assert branch.cost.parameters == 4 * 8 + 4 * 3
    assert [body.macs for body in branch.bodies] == [12, 32]  # in the order of their attributes' names
    assert graph.peak_activation_bytes is not None


def loop(trips, weights):
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "w"], ["next"]),
            helper.make_node("Identity", ["go"], ["going"]),
        ],
        "body",
        [value("i", (), TensorProto.INT64), value("go", (), TensorProto.BOOL), value("state", (1, 4))],
        [value("going", (), TensorProto.BOOL), value("next", (1, 4))],
    )
    return helper.make_node("Loop", [trips, "", "x"], ["y"], body=body), weights | {
        "w": np.zeros((4, 4), "f4")
    }


def test_a_loop_costs_its_body_times_its_trips(read, onnx):
    node, weights = loop("trips", {"trips": np.array(10)})
    graph = read(onnx({"x": ("float32", (1, 4))}, [node], ["y"], weights))

    assert graph.macs == 10 * 16
    assert graph.parameters == 16


def test_a_loop_of_unknown_length_is_uncounted(read, onnx):
    node, weights = loop("trips", {})
    graph = read(onnx({"x": ("float32", (1, 4)), "trips": ("int64", ())}, [node], ["y"], weights))

    assert [operator.type for operator in graph.uncounted] == ["Loop"]


def test_a_scan_costs_its_body_times_the_sequence(read, onnx):
    body = helper.make_graph(
        [helper.make_node("MatMul", ["step", "w"], ["out"])],
        "body",
        [value("step", (2, 4))],
        [value("out", (2, 5))],
    )
    node = helper.make_node("Scan", ["x"], ["y"], body=body, num_scan_inputs=1)
    graph = read(onnx({"x": ("float32", (7, 2, 4))}, [node], ["y"], {"w": np.zeros((4, 5), "f4")}))

    assert graph.macs == 7 * 2 * 4 * 5


def test_the_hash_sees_into_bodies(read, onnx):
    def graph(width):
        node = helper.make_node(
            "If", ["c"], ["y"], then_branch=product(width, "a"), else_branch=product(3, "b")
        )
        return read(onnx({"x": ("float32", (1, 4)), "c": ("bool", ())}, [node], ["y"]))

    assert structural_hash(graph(8)) != structural_hash(graph(9))
    assert structural_hash(graph(8)) == structural_hash(graph(8))


def test_a_body_may_not_read_what_comes_later(read, onnx):
    nodes = [
        helper.make_node("If", ["c"], ["y"], then_branch=product(8, "a"), else_branch=product(3, "b")),
        helper.make_node("Relu", ["z"], ["x"]),
    ]
    with pytest.raises(MalformedFileError, match="nothing before it makes"):
        read(onnx({"z": ("float32", (1, 4)), "c": ("bool", ())}, nodes, ["y"]))


def function(name, nodes, domains=("",)):
    opsets = [helper.make_opsetid(domain, 17 if not domain else 1) for domain in domains]
    return helper.make_function("local", name, ["a"], ["b"], nodes, opsets)


def test_functions_are_written_out(read, onnx):
    block = function("Block", [helper.make_node("Relu", ["a"], ["r"]), helper.make_node("Abs", ["r"], ["b"])])
    nodes = [helper.make_node("Block", [x], [y], domain="local") for x, y in ("xm", "my")]
    graph = read(onnx({"x": ("float32", (1, 4))}, nodes, ["y"], domains={"local": 1}, functions=[block]))

    assert [operator.type for operator in graph.operators] == ["Relu", "Abs", "Relu", "Abs"]
    assert graph.tensors["y"].shape == (1, 4)


def test_a_function_that_calls_itself_is_refused(read, onnx):
    again = function("Again", [helper.make_node("Again", ["a"], ["b"], domain="local")], ("", "local"))
    nodes = [helper.make_node("Again", ["x"], ["y"], domain="local")]

    with pytest.raises(MalformedFileError, match="calls itself"):
        read(onnx({"x": ("float32", (1, 4))}, nodes, ["y"], domains={"local": 1}, functions=[again]))


def test_functions_that_double_thirty_times_are_refused(read, onnx):
    functions = [function("F0", [helper.make_node("Relu", ["a"], ["b"])])]
    for level in range(1, 31):
        calls = [helper.make_node(f"F{level - 1}", [x], [y], domain="local") for x, y in ("am", "mb")]
        functions.append(function(f"F{level}", calls, ("", "local")))
    nodes = [helper.make_node("F30", ["x"], ["y"], domain="local")]

    with pytest.raises(MalformedFileError, match="unfold"):
        read(onnx({"x": ("float32", (1, 4))}, nodes, ["y"], domains={"local": 1}, functions=functions))
