"""Every family of ONNX operators against numbers worked out by hand."""

import numpy as np
import pytest
from onnx import TensorProto, helper

MICROSOFT = "com.microsoft"


def zeros(*shape, dtype="f4"):
    return np.zeros(shape, dtype)


def cost_of(graph, position=-1):
    return graph.operators[position].cost


@pytest.mark.parametrize(
    ("x", "w", "attributes", "macs"),
    [
        # output pixels x output channels x (input channels of a group x window)
        ((1, 3, 8, 8), (4, 3, 3, 3), {"pads": [1] * 4}, 8 * 8 * 4 * 3 * 9),
        ((2, 3, 8, 8), (4, 3, 3, 3), {"pads": [1] * 4, "strides": [2, 2]}, 2 * 4 * 4 * 4 * 3 * 9),
        ((1, 6, 5, 5), (6, 1, 3, 3), {"group": 6}, 3 * 3 * 6 * 9),
        ((1, 8, 4, 4), (4, 4, 1, 1), {"group": 2}, 4 * 4 * 4 * 4),
        ((1, 2, 9), (3, 2, 5), {"dilations": [2]}, 1 * 3 * 2 * 5),
        ((1, 2, 4, 4, 4), (3, 2, 2, 2, 2), {}, 27 * 3 * 2 * 8),
    ],
)
def test_convolution(read, onnx, x, w, attributes, macs):
    node = helper.make_node("Conv", ["x", "w"], ["y"], **attributes)
    graph = read(onnx({"x": ("float32", x)}, [node], ["y"], {"w": zeros(*w)}))

    assert cost_of(graph).macs == macs
    assert cost_of(graph).other_ops == 0
    assert cost_of(graph).parameters == np.prod(w)


def test_transposed_convolution_counts_each_input_pixel(read, onnx):
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])
    graph = read(onnx({"x": ("float32", (1, 6, 5, 5))}, [node], ["y"], {"w": zeros(6, 4, 3, 3)}))

    assert cost_of(graph).macs == 6 * 5 * 5 * 4 * 9
    assert graph.tensors["y"].shape == (1, 4, 11, 11)


@pytest.mark.parametrize(
    ("a", "b", "attributes", "macs"),
    [
        ((2, 5), (5, 7), {}, 2 * 5 * 7),
        ((5, 2), (5, 7), {"transA": 1}, 2 * 5 * 7),
        ((2, 5), (7, 5), {"transB": 1}, 2 * 5 * 7),
        ((5, 2), (7, 5), {"transA": 1, "transB": 1}, 2 * 5 * 7),
    ],
)
def test_gemm(read, onnx, a, b, attributes, macs):
    node = helper.make_node("Gemm", ["a", "b"], ["y"], **attributes)
    graph = read(onnx({"a": ("float32", a)}, [node], ["y"], {"b": zeros(*b)}))

    assert cost_of(graph).macs == macs


@pytest.mark.parametrize(
    ("a", "b", "macs"),
    [
        ((2, 3), (3, 4), 24),
        ((8, 2, 3), (3, 4), 8 * 24),
        ((5, 8, 2, 3), (8, 3, 4), 5 * 8 * 24),
        ((3,), (3, 4), 12),
        ((2, 3), (3,), 6),
    ],
)
def test_matrix_product(read, onnx, a, b, macs):
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    graph = read(onnx({"a": ("float32", a), "b": ("float32", b)}, [node], ["y"]))

    assert cost_of(graph).macs == macs


@pytest.mark.parametrize(
    ("equation", "a", "b", "macs", "other"),
    [
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 5), 2 * 3 * 4 * 5, 0),
        ("bhid,bhjd->bhij", (1, 2, 3, 4), (1, 2, 5, 4), 2 * 3 * 5 * 4, 0),
        ("ij, ij -> ij", (3, 4), (3, 4), 0, 12),
        ("...ij,jk->...ik", (2, 3, 4), (4, 5), None, None),
    ],
)
def test_einsum(read, onnx, equation, a, b, macs, other):
    node = helper.make_node("Einsum", ["a", "b"], ["y"], equation=equation)
    graph = read(onnx({"a": ("float32", a), "b": ("float32", b)}, [node], ["y"]))

    assert (cost_of(graph).macs, cost_of(graph).other_ops) == (macs, other)


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrence_multiplies_both_matrices_at_every_step(read, onnx, operator, gates):
    steps, batch, size, hidden = 7, 2, 5, 3
    node = helper.make_node(operator, ["x", "w", "r"], ["y"], hidden_size=hidden)
    weights = {"w": zeros(1, gates * hidden, size), "r": zeros(1, gates * hidden, hidden)}
    graph = read(onnx({"x": ("float32", (steps, batch, size))}, [node], ["y"], weights))

    assert cost_of(graph).macs == steps * batch * gates * hidden * (size + hidden)
    assert cost_of(graph).parameters == gates * hidden * (size + hidden)


def test_attention_counts_both_products(read, onnx):
    batch, heads, queries, keys, width = 2, 4, 6, 9, 8
    node = helper.make_node("Attention", ["q", "k", "v"], ["y"])
    sizes = {
        "q": (batch, heads, queries, width),
        "k": (batch, heads, keys, width),
        "v": (batch, heads, keys, width),
    }
    graph = read(onnx({name: ("float32", size) for name, size in sizes.items()}, [node], ["y"], opset=23))

    assert cost_of(graph).macs == 2 * batch * heads * queries * keys * width


def test_quantised_convolutions_count_as_convolutions(read, onnx):
    scale, zero = np.array(0.1, "f4"), np.array(0, "u1")
    weights = {"s": scale, "z": zero, "w": zeros(4, 3, 3, 3, dtype="u1"), "b": zeros(4, dtype="i4")}
    nodes = [
        helper.make_node("QLinearConv", ["x", "s", "z", "w", "s", "z", "s", "z", "b"], ["q"]),
        helper.make_node("ConvInteger", ["x", "w"], ["i"]),
    ]
    graph = read(onnx({"x": ("uint8", (1, 3, 8, 8))}, nodes, ["q", "i"], weights))

    assert [operator.cost.macs for operator in graph.operators] == [36 * 4 * 27] * 2
    assert [operator.dtype for operator in graph.operators] == ["uint8"] * 2
    assert graph.parameters == 4 * 27 + 4  # the shared weight counts once


def test_qlinear_matmul_and_matmul_integer(read, onnx):
    weights = {"s": np.array(0.1, "f4"), "z": np.array(0, "u1"), "w": zeros(5, 7, dtype="u1")}
    nodes = [
        helper.make_node("QLinearMatMul", ["x", "s", "z", "w", "s", "z", "s", "z"], ["q"]),
        helper.make_node("MatMulInteger", ["x", "w"], ["i"]),
    ]
    graph = read(onnx({"x": ("uint8", (3, 5))}, nodes, ["q", "i"], weights))

    assert [operator.cost.macs for operator in graph.operators] == [105, 105]


def test_operators_of_onnx_runtime_have_shapes_and_counts(read, onnx):
    nodes = [
        helper.make_node("FusedConv", ["x", "w"], ["c"], domain=MICROSOFT, activation="Relu", pads=[1] * 4),
        helper.make_node("Gelu", ["c"], ["g"], domain=MICROSOFT),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("FusedMatMul", ["f", "m"], ["y"], domain=MICROSOFT, alpha=0.5),
    ]
    weights = {"w": zeros(4, 3, 3, 3), "m": zeros(256, 10)}
    graph = read(onnx({"x": ("float32", (1, 3, 8, 8))}, nodes, ["y"], weights, domains={MICROSOFT: 1}))

    assert [operator.cost.macs for operator in graph.operators] == [64 * 4 * 27, 0, 0, 2560]
    assert graph.operators[0].domain == MICROSOFT
    assert graph.operators[0].attributes["activation"] == "Relu"
    assert graph.operators[1].cost.other_ops == 256


def test_qoperator_network_keeps_its_shapes(read, onnx):
    scale, zero = ["s", "z"], ["s", "z"]
    weights = {"s": np.array(0.1, "f4"), "z": np.array(0, "u1"), "w": zeros(8, 5, dtype="u1")}
    nodes = [
        helper.make_node("QLinearAdd", ["x", *scale, "x", *scale, *zero], ["a"], domain=MICROSOFT),
        helper.make_node(
            "QLinearConcat", [*scale, "a", *scale, "x", *scale], ["c"], domain=MICROSOFT, axis=1
        ),
        helper.make_node("QLinearGlobalAveragePool", ["c", *scale, *zero], ["p"], domain=MICROSOFT),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("QGemm", ["f", *scale, "w", *scale], ["y"], domain=MICROSOFT),
    ]
    graph = read(onnx({"x": ("uint8", (1, 4, 6, 6))}, nodes, ["y"], weights, domains={MICROSOFT: 1}))

    assert graph.tensors["y"].shape == (1, 5)
    assert graph.operators[-1].cost.macs == 40
    assert not graph.uncounted


def test_elementwise_operators_count_elements_and_moves_count_nothing(read, onnx):
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Add", ["r", "x"], ["a"]),
        helper.make_node("Transpose", ["a"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("GlobalAveragePool", ["a"], ["p"]),
        helper.make_node("Concat", ["a", "a"], ["y"], axis=1),
    ]
    graph = read(onnx({"x": ("float32", (1, 3, 4, 4))}, nodes, ["y", "t", "p"]))

    # A reduction goes through all that it reads.
    assert [operator.cost.other_ops for operator in graph.operators] == [48, 48, 0, 48, 0]
    assert graph.macs == 0
    assert [operator.cost.activation_bytes for operator in graph.operators] == [192, 192, 192, 12, 384]


def test_unknown_operators_are_kept_and_their_shapes_unknown(read, onnx):
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Sparkle", ["r"], ["s"], "magic", domain="org.example"),
        helper.make_node("Conv", ["s", "w"], ["y"], "after"),
    ]
    file = onnx(
        {"x": ("float32", (1, 3, 8, 8))}, nodes, ["y"], {"w": zeros(4, 3, 1, 1)}, domains={"org.example": 1}
    )
    graph = read(file)

    assert [operator.name for operator in graph.uncounted] == ["magic", "after"]
    assert graph.operators[1].domain == "org.example"
    assert graph.tensors["s"].shape is None
    assert graph.peak_activation_bytes is None


def test_a_stated_shape_is_believed_after_an_unknown_operator_only(read, onnx):
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Sparkle", ["r"], ["s"], domain="org.example"),
        helper.make_node("Conv", ["s", "w"], ["y"]),
    ]
    file = onnx(
        {"x": ("float32", (1, 3, 8, 8))}, nodes, ["y"], {"w": zeros(4, 3, 1, 1)}, domains={"org.example": 1}
    )
    file.stated = {"s": ("float32", (1, 3, 4, 4)), "r": ("float32", (9, 9, 9, 9))}
    graph = read(file)

    assert graph.operators[-1].cost.macs == 4 * 4 * 4 * 3
    assert graph.tensors["r"].shape == (1, 3, 8, 8)


def test_a_made_up_operator_of_the_standard_domain_is_unknown(read, onnx):
    graph = read(onnx({"x": ("float32", (1, 3))}, [helper.make_node("Convolve", ["x"], ["y"])], ["y"]))

    assert [operator.type for operator in graph.uncounted] == ["Convolve"]


def test_qdq_networks_count_in_integers(read, onnx):
    weights = {
        "s": np.array(0.1, "f4"),
        "z": np.array(0, "u1"),
        "wz": np.array(0, "i1"),
        "w": zeros(4, 3, 3, 3, dtype="i1"),
        "b": zeros(4, dtype="i4"),
        "bz": np.array(0, "i4"),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xf"]),
        helper.make_node("DequantizeLinear", ["w", "s", "wz"], ["wf"]),
        helper.make_node("DequantizeLinear", ["b", "s", "bz"], ["bf"]),
        helper.make_node("Conv", ["xf", "wf", "bf"], ["y"], "conv"),
    ]
    graph = read(onnx({"x": ("float32", (1, 3, 8, 8))}, nodes, ["y"], weights))

    assert [operator.type for operator in graph.operators] == ["QuantizeLinear", "DequantizeLinear", "Conv"]
    conv = graph.operators[-1]
    assert conv.dtype == "uint8"
    assert conv.cost.macs == 36 * 4 * 27
    assert conv.cost.parameters == 4 * 27 + 4
    assert conv.cost.weight_bytes == 4 * 27 * 1 + 4 * 4
    assert graph.folded_operators == 2
    assert graph.macs == conv.cost.macs


def test_weights_may_be_nodes_and_index_constants_are_none(read, onnx):
    constant = helper.make_tensor("value", TensorProto.FLOAT, (4, 3, 1, 1), [0.5] * 12)
    nodes = [
        helper.make_node("Constant", [], ["w"], value=constant),
        helper.make_node("Constant", [], ["shape"], value_ints=[1, -1]),
        helper.make_node("Constant", [], ["six"], value_float=6.0),
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Clip", ["c", "", "six"], ["r"]),
        helper.make_node("Reshape", ["r", "shape"], ["y"]),
    ]
    graph = read(onnx({"x": ("float32", (1, 3, 2, 2))}, nodes, ["y"]))

    assert graph.parameters == 12
    assert graph.folded_operators == 3
    assert graph.tensors["shape"].values == (1, -1)
    assert graph.tensors["y"].shape == (1, 16)


def test_normalisation_counts_scale_and_bias_not_its_statistics(read, onnx):
    weights = {part: np.ones(3, "f4") for part in ("scale", "bias", "mean", "var")}
    node = helper.make_node("BatchNormalization", ["x", "scale", "bias", "mean", "var"], ["y"])
    graph = read(onnx({"x": ("float32", (1, 3, 2, 2))}, [node], ["y"], weights))

    assert graph.parameters == 6
    assert graph.weight_bytes == 4 * 3 * 4
    assert cost_of(graph).other_ops == 12


def test_a_shared_weight_counts_once(read, onnx):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("MatMul", ["a", "w"], ["y"])]
    graph = read(onnx({"x": ("float32", (1, 4))}, nodes, ["y"], {"w": zeros(4, 4)}))

    assert [operator.cost.parameters for operator in graph.operators] == [16, 0]
    assert graph.weight_bytes == 64


def test_weights_made_by_operators_count_as_weights(read, onnx):
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["w"]),
        helper.make_node("Transpose", ["w"], ["wt"]),
        helper.make_node("MatMul", ["x", "wt"], ["y"]),
    ]
    graph = read(onnx({"x": ("float32", (1, 4))}, nodes, ["y"], {"shape": np.array([7, 4])}))

    assert graph.parameters == 28
    assert [operator.cost.macs for operator in graph.operators] == [28]


def test_shapes_that_do_not_fit_leave_the_operator_uncounted(read, onnx):
    node = helper.make_node("Einsum", ["x", "w"], ["y"], equation="abc,cd->abd")
    graph = read(onnx({"x": ("float32", (1, 4))}, [node], ["y"], {"w": zeros(4, 4)}))

    assert graph.operators[0].cost.macs is None
