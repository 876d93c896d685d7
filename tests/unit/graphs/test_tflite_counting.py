"""Every family of TFLite operators against numbers worked out by hand."""

import numpy as np
import pytest

FLOAT, INT32, INT8 = 0, 2, 9


def one_operator(tflite, name, inputs, outputs, options=None, **settings):
    """A file of one operator. `inputs` are shapes of activations, or (shape, dtype) of constants, or None."""
    tensors, positions, fed = [], [], []
    for given in inputs:
        positions.append(-1 if given is None else len(tensors))
        if given is None:
            continue
        constant = isinstance(given[0], tuple)
        shape, dtype = given if constant else (given, FLOAT)
        data = np.zeros(shape, {FLOAT: "f4", INT32: "i4", INT8: "i1"}[dtype]) if constant else None
        if not constant:
            fed.append(len(tensors))
        tensors.append(tflite.tensor(f"t{len(tensors)}", shape, dtype, data))
    made = list(range(len(tensors), len(tensors) + len(outputs)))
    tensors += [tflite.tensor(f"out{position}", shape) for position, shape in enumerate(outputs)]
    code = getattr(tflite.schema.BuiltinOperator, name)
    table, kind = None, 0
    if options:
        table = getattr(tflite.schema, f"{options}T")()
        kind = getattr(tflite.schema.BuiltinOptions, options)
        for setting, value in settings.items():
            setattr(table, setting, value)
    operator = tflite.operator(code, positions, made, table, kind)
    return tflite.to_bytes(tflite.graph(tensors, [operator], fed, made))


def weight(*shape, dtype=FLOAT):
    return (shape, dtype)


BIAS4, SIZE5 = weight(4, dtype=INT32), weight(5, dtype=INT32)


@pytest.mark.parametrize(
    ("name", "inputs", "output", "macs", "parameters"),
    [
        ("CONV_2D", [(1, 8, 8, 3), weight(4, 3, 3, 3), weight(4)], (1, 8, 8, 4), 64 * 4 * 27, 112),
        ("CONV_2D", [(1, 8, 8, 6), weight(4, 3, 3, 3), None], (1, 8, 8, 4), 64 * 4 * 27, 108),
        ("CONV_2D", [(2, 8, 8, 3), weight(4, 3, 3, 3, dtype=INT8), BIAS4], (2, 4, 4, 4), 3456, 112),
        ("DEPTHWISE_CONV_2D", [(1, 8, 8, 3), weight(1, 5, 5, 6), weight(6)], (1, 8, 8, 6), 64 * 6 * 25, 156),
        ("TRANSPOSE_CONV", [BIAS4, weight(4, 3, 3, 6), (1, 5, 5, 6)], (1, 11, 11, 4), 25 * 216, 216),
        ("CONV_3D", [(1, 4, 4, 4, 2), weight(3, 3, 3, 2, 5)], (1, 2, 2, 2, 5), 8 * 5 * 54, 270),
        ("CONV_3D_TRANSPOSE", [SIZE5, weight(2, 2, 2, 5, 3), (1, 4, 4, 4, 3)], (1, 8, 8, 8, 5), 7680, 120),
        ("FULLY_CONNECTED", [(2, 10), weight(7, 10), weight(7)], (2, 7), 140, 77),
        ("BATCH_MATMUL", [(4, 2, 3), (4, 3, 5)], (4, 2, 5), 4 * 30, 0),
        ("SVDF", [(2, 10), weight(8, 10), weight(8, 6), None, (2, 48)], (2, 4), 2 * (80 + 48), 128),
        ("RNN", [(2, 10), weight(4, 10), weight(4, 4), weight(4), (2, 4)], (2, 4), 2 * 56, 60),
    ],
)  # fmt: skip
def test_family(read, tflite, name, inputs, output, macs, parameters):
    graph = read(one_operator(tflite, name, inputs, [output]))

    (operator,) = graph.operators
    assert operator.cost.macs == macs
    assert operator.cost.parameters == parameters
    assert operator.cost.activation_bytes == 4 * np.prod(output)


def test_batch_matmul_with_a_transposed_first_matrix(read, tflite):
    options = {"options": "BatchMatMulOptions", "adjX": True}
    graph = read(one_operator(tflite, "BATCH_MATMUL", [(4, 3, 2), (4, 3, 5)], [(4, 2, 5)], **options))

    assert graph.macs == 4 * 2 * 3 * 5


def test_sequence_lstm_multiplies_every_gate_at_every_step(read, tflite):
    steps, batch, size, hidden = 7, 2, 5, 3
    inputs = [(steps, batch, size)]
    inputs += [weight(hidden, size)] * 4 + [weight(hidden, hidden)] * 4
    inputs += [None] * 3 + [weight(hidden)] * 4 + [None, None] + [(batch, hidden)] * 2
    graph = read(one_operator(tflite, "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [(steps, batch, hidden)]))

    assert graph.macs == steps * batch * 4 * hidden * (size + hidden)


def test_the_basic_lstm_holds_its_weights_in_one_matrix(read, tflite):
    inputs = [(2, 5), (2, 3), weight(12, 8), weight(12), (2, 3)]
    graph = read(one_operator(tflite, "LSTM", inputs, [(2, 3), (2, 3), (2, 12), (2, 8)]))

    assert graph.macs == 2 * 12 * 8


def test_elementwise_and_moving_operators(read, tflite):
    softmax = read(one_operator(tflite, "SOFTMAX", [(1, 10)], [(1, 10)]))
    reshape = read(one_operator(tflite, "RESHAPE", [(1, 10), weight(2, dtype=INT32)], [(2, 5)]))

    assert (softmax.macs, softmax.other_ops) == (0, 10)
    assert (reshape.macs, reshape.other_ops, reshape.parameters) == (0, 0, 0)


def test_custom_operators_are_kept_and_uncounted(read, tflite):
    tensors = [tflite.tensor("x", (1, 4)), tflite.tensor("y", (1, 4))]
    code = tflite.schema.BuiltinOperator.CUSTOM
    operator = tflite.operator(code, [0], [1], custom="TFLite_Detection_PostProcess")
    graph = read(tflite.to_bytes(tflite.graph(tensors, [operator], [0], [1])))

    (kept,) = graph.uncounted
    assert (kept.domain, kept.type) == ("custom", "TFLite_Detection_PostProcess")
    assert graph.tensors["y"].shape == (1, 4)


def test_attributes_read_like_the_schema_writes_them(read, small_tflite):
    conv = read(small_tflite).operators[0]

    assert conv.attributes["stride_w"] == 2
    assert conv.attributes["padding"] == "SAME"
    assert conv.attributes["fused_activation_function"] == "RELU6"
    assert conv.attributes["dilation_h_factor"] == 1


def subgraphs(tflite, name, options, fields):
    """A main graph that runs two others, which multiply (1 x 4) with (8 x 4) and (3 x 4)."""
    code, kind = tflite.schema.BuiltinOperator, tflite.schema.BuiltinOptions
    graphs = []
    for width in (8, 3):
        tensors = [
            tflite.tensor("x", (1, 4)),
            tflite.tensor("w", (width, 4), data=np.zeros((width, 4), "f4")),
            tflite.tensor("y", (1, width)),
        ]
        product = tflite.operator(code.FULLY_CONNECTED, [0, 1, -1], [2])
        graphs.append(tflite.graph(tensors, [product], [0], [2]))
    table = getattr(tflite.schema, f"{options}T")()
    for field, value in fields.items():
        setattr(table, field, value)
    tensors = [tflite.tensor("c", (1,), 6), tflite.tensor("x", (1, 4)), tflite.tensor("y", (1, 8))]
    operator = tflite.operator(getattr(code, name), [0, 1], [2], table, getattr(kind, options))
    return tflite.to_bytes(tflite.graph(tensors, [operator], [0, 1], [2]), *graphs)


def test_if_costs_its_dearest_branch(read, tflite):
    graph = read(subgraphs(tflite, "IF", "IfOptions", {"thenSubgraphIndex": 1, "elseSubgraphIndex": 2}))

    assert graph.macs == 32
    assert graph.parameters == 32 + 12


def test_while_is_uncounted_when_its_body_multiplies(read, tflite):
    graph = read(subgraphs(tflite, "WHILE", "WhileOptions", {"condSubgraphIndex": 1, "bodySubgraphIndex": 2}))

    assert [operator.type for operator in graph.uncounted] == ["WHILE"]


def test_subgraphs_that_call_each_other_in_a_circle_are_refused(read, tflite):
    from edgemeter.graphs import MalformedFileError

    content = subgraphs(tflite, "IF", "IfOptions", {"thenSubgraphIndex": 1, "elseSubgraphIndex": 0})
    with pytest.raises(MalformedFileError, match="circle"):
        read(content)
