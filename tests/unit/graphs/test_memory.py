"""Peak memory against schedules worked out by hand. Every tensor is 10 float32, 40 bytes, unless said."""

import numpy as np
from onnx import helper


def peak(read, onnx, nodes, outputs, inputs=None, weights=None):
    specs = inputs or {"x": ("float32", (1, 10))}
    return read(onnx(specs, nodes, outputs, weights or {})).peak_activation_bytes


def relu(before, after):
    return helper.make_node("Relu", [before], [after])


def test_a_chain_holds_two_tensors_at_once(read, onnx):
    assert peak(read, onnx, [relu("x", "a"), relu("a", "b"), relu("b", "y")], ["y"]) == 80


def test_a_skip_connection_stays_alive(read, onnx):
    nodes = [relu("x", "a"), relu("a", "b"), relu("b", "c"), helper.make_node("Add", ["a", "c"], ["y"])]

    assert peak(read, onnx, nodes, ["y"]) == 120


def test_outputs_stay_to_the_end_and_unread_results_go_at_once(read, onnx):
    kept = [relu("x", "first"), relu("x", "second"), relu("second", "y")]
    dropped = [relu("x", "unread"), relu("x", "second"), relu("second", "y")]

    assert peak(read, onnx, kept, ["y", "first"]) == 120
    assert peak(read, onnx, dropped, ["y"]) == 80


def test_an_input_nobody_reads_any_more_goes(read, onnx):
    inputs = {"x": ("float32", (1, 10)), "big": ("float32", (1, 1000))}
    nodes = [helper.make_node("ReduceSum", ["big"], ["r"]), relu("x", "a"), relu("a", "y")]

    assert peak(read, onnx, nodes, ["y", "r"], inputs) == 4000 + 40 + 4


def test_weights_are_not_activations(read, onnx):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]

    assert peak(read, onnx, nodes, ["y"], weights={"w": np.zeros((10, 10), "f4")}) == 80


def test_small_types_take_fewer_bytes(read, onnx):
    nodes = [helper.make_node("Cast", ["x"], ["y"], to=3)]  # int8

    assert peak(read, onnx, nodes, ["y"]) == 50


def test_a_body_adds_its_own_peak(read, onnx):
    inner = [relu("x", "i1"), relu("i1", "i2"), relu("i2", "i3")]
    body = helper.make_graph(inner, "b", [], [helper.make_tensor_value_info("i3", 1, (1, 10))])
    nodes = [helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body), relu("x", "z")]
    inputs = {"x": ("float32", (1, 10)), "c": ("bool", ())}

    # x lives on outside (40), c (1), y (40); inside two tensors at once, x being the outer one.
    assert peak(read, onnx, nodes, ["y", "z"], inputs) == 40 + 1 + 40 + 80
