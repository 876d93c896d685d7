"""The survey's formulas as printed, misprints included."""

import numpy as np
import pytest
from onnx import helper

from edgemeter.graphs import flops_survey, parameters_survey


def zeros(*shape):
    return np.zeros(shape, "f4")


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("biased", [False, True])
def test_convolution_by_equations_3_and_5(read, onnx, stride, biased):
    weights = {"w": zeros(16, 3, 3, 3)} | ({"b": zeros(16)} if biased else {})
    node = helper.make_node("Conv", ["x", *weights], ["y"], strides=[stride] * 2, pads=[1] * 4)
    graph = read(onnx({"x": ("float32", (1, 3, 10, 12))}, [node], ["y"], weights))

    assert flops_survey(graph) == 2 * 10 * 12 * (3 * 9 + 1) * 16  # the input's size, whatever the stride
    assert parameters_survey(graph) == 3 * 9 * 16 + (16 if biased else 0)


def test_groups_divide_the_input_channels(read, onnx):
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=6)
    graph = read(onnx({"x": ("float32", (1, 6, 5, 5))}, [node], ["y"], {"w": zeros(6, 1, 3, 3)}))

    assert flops_survey(graph) == 2 * 25 * (1 * 9 + 1) * 6


@pytest.mark.parametrize(
    ("operator", "weight", "attributes"),
    [("Gemm", (10, 4), {}), ("Gemm", (4, 10), {"transB": 1}), ("MatMul", (10, 4), {})],
)
def test_fully_connected_by_equations_4_and_6(read, onnx, operator, weight, attributes):
    node = helper.make_node(operator, ["x", "w"], ["y"], **attributes)
    graph = read(onnx({"x": ("float32", (1, 10))}, [node], ["y"], {"w": zeros(*weight)}))

    assert flops_survey(graph) == 2 * (10 - 1) * 4  # not (2 x 10 - 1) x 4
    assert parameters_survey(graph) == 10 * 4 + 4


def test_a_product_of_two_activations_is_no_layer(read, onnx):
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    graph = read(onnx({"a": ("float32", (2, 3)), "b": ("float32", (3, 4))}, [node], ["y"]))

    assert flops_survey(graph) == parameters_survey(graph) == 0


def test_tflite_layers(read, small_tflite):
    convolution = 2 * 64 * (3 * 9 + 1) * 4
    depthwise = 2 * 16 * (1 * 9 + 1) * 4
    dense = 2 * (4 - 1) * 5

    assert flops_survey(read(small_tflite)) == convolution + depthwise + dense
    assert parameters_survey(read(small_tflite)) == (108 + 4) + 36 + (20 + 5)


def test_the_survey_counts_a_batch(read, onnx):
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    file = onnx({"x": ("float32", ("n", 3, 8, 8))}, [node], ["y"], {"w": zeros(4, 3, 3, 3)})

    assert flops_survey(read(file, shapes={"x": (3, 3, 8, 8)})) == 3 * flops_survey(
        read(file, shapes={"x": (1, 3, 8, 8)})
    )
