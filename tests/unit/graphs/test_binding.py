"""Dynamic dimensions: bound by the caller, refused by name, never guessed."""

import numpy as np
import pytest
from onnx import helper

from edgemeter.graphs import ShapeError, structural_hash


def chain(onnx, **inputs):
    nodes = [helper.make_node("Relu", [name], [f"{name}_out"]) for name in inputs]
    specs = {name: ("float32", shape) for name, shape in inputs.items()}
    return onnx(specs, nodes, [f"{name}_out" for name in inputs])


def test_an_unbound_input_is_refused_by_name_with_the_flag_to_give(read, onnx):
    with pytest.raises(ShapeError, match=r"input 'image' .*--shape image=1,3,1,224"):
        read(chain(onnx, image=("batch", 3, None, 224)))


def test_every_way_to_leave_a_size_open(read, onnx):
    for shape in (("n", 4), (None, 4), (0, 4), (-1, 4), None):
        with pytest.raises(ShapeError, match="--shape"):
            read(chain(onnx, x=shape))
        assert read(chain(onnx, x=shape), shapes={"x": (2, 4)}).tensors["x_out"].shape == (2, 4)


def test_flags_with_strange_names_are_quoted_for_a_shell(read, onnx):
    with pytest.raises(ShapeError, match=r"--shape 'the image=1,3'"):
        read(chain(onnx, **{"the image": ("n", 3)}))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"x": (1, 5)}, r"does not fit"),
        ({"x": (1, 4, 1)}, r"does not fit"),
        ({"x": (0, 4)}, r"start at 1"),
        ({"y": (1, 4)}, r"no input 'y'; its inputs are: 'x'"),
        ({"x": (1 << 41, 4)}, "dimension"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(read, onnx, asked, words):
    from edgemeter.failures import FailureError

    with pytest.raises(FailureError, match=words):
        read(chain(onnx, x=("n", 4)), shapes=asked)


def test_each_input_is_bound_on_its_own(read, onnx):
    graph = read(chain(onnx, a=("n", 4), b=(2, "m")), shapes={"a": (3, 4), "b": (2, 5)})

    assert graph.tensors["a_out"].shape == (3, 4)
    assert graph.tensors["b_out"].shape == (2, 5)


def test_weights_listed_among_the_inputs_need_no_shape(read, onnx):
    """So did all files before 2019."""
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    file = onnx(
        {"x": ("float32", (1, 4)), "w": ("float32", (4, 8))}, [node], ["y"], {"w": np.zeros((4, 8), "f4")}
    )
    graph = read(file)

    assert graph.inputs == ("x",)
    assert graph.parameters == 32
    assert graph.tensors["w"].changeable


@pytest.mark.parametrize(("version", "changeable"), [(3, False), (4, True)])
def test_weights_that_had_to_be_listed_are_not_changeable(read, onnx, version, changeable):
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    weights = {"w": np.zeros((4, 8), "f4")}
    model = onnx({"x": ("float32", (1, 4)), "w": ("float32", (4, 8))}, [node], ["y"], weights).model()
    model.ir_version = version
    assert read(model.SerializeToString()).tensors["w"].changeable is changeable


def test_shapes_that_are_computed_are_followed(read, onnx):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "first"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    weights = {"first": np.array([0]), "rest": np.array([-1])}
    graph = read(onnx({"x": ("float32", ("n", 3, 4))}, nodes, ["y"], weights), shapes={"x": (5, 3, 4)})

    assert graph.tensors["y"].shape == (5, 12)


def test_an_output_that_states_a_stale_shape_is_not_believed(read, onnx):
    model = chain(onnx, x=("n", 4)).model()
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("x_out", 1, (1, 4)))

    assert read(model, shapes={"x": (3, 4)}).tensors["x_out"].shape == (3, 4)


def test_tflite_runs_the_stored_batch_unless_told_otherwise(read, small_tflite):
    one, four = read(small_tflite), read(small_tflite, shapes={"x": (4, 8, 8, 3)})

    assert one.tensors["x"].shape == (1, 8, 8, 3)
    assert four.tensors["y"].shape == (4, 5)
    assert four.macs == 4 * one.macs
    assert structural_hash(one) == structural_hash(read(small_tflite, shapes={"x": (1, 8, 8, 3)}))


@pytest.mark.parametrize("asked", [{"x": (1, 16, 16, 3)}, {"x": (1, 8, 8)}, {"z": (1, 8, 8, 3)}])
def test_tflite_shapes_that_cannot_be_had_are_refused(read, small_tflite, asked):
    with pytest.raises(ShapeError):
        read(small_tflite, shapes=asked)


def tflite_chain(tflite, x, y, code="RELU"):
    tensors = [tflite.tensor("x", *x), tflite.tensor("y", *y)]
    operator = tflite.operator(getattr(tflite.schema.BuiltinOperator, code), [0], [1])
    return tflite.to_bytes(tflite.graph(tensors, [operator], [0], [1]))


def test_tflite_with_more_than_the_batch_open_must_be_bound_to_what_is_stored(read, tflite):
    file = tflite_chain(tflite, ((1, 8, 8), 0, None, (-1, -1, 8)), ((1, 8, 8), 0, None, (-1, -1, 8)))

    with pytest.raises(ShapeError, match="--shape x=1,1,8"):
        read(file)
    assert read(file, shapes={"x": (1, 8, 8)}).tensors["x"].shape == (1, 8, 8)
    with pytest.raises(ShapeError, match="stored as"):
        read(file, shapes={"x": (1, 9, 8)})


def test_tflite_whose_operators_cannot_grow_keeps_its_batch(read, tflite):
    file = tflite_chain(tflite, ((1, 8), 0, None, (-1, 8)), ((1, 8),))

    assert read(file).tensors["y"].shape == (1, 8)
    with pytest.raises(ShapeError, match="fixed size"):
        read(file, shapes={"x": (2, 8)})


def test_tflite_fills_in_what_reshape_and_its_followers_leave_open(read, tflite):
    int32, code = tflite.schema.TensorType.INT32, tflite.schema.BuiltinOperator
    joined = tflite.schema.ConcatenationOptionsT()
    joined.axis = 1
    open_inside = (-1, -1, 2)
    tensors = [
        tflite.tensor("x", (1, 6, 4), signature=(-1, 6, 4)),
        tflite.tensor("target", (3,), int32, np.array([1, -1, 2], "i4")),
        tflite.tensor("r", (1, 1, 2), signature=open_inside),
        tflite.tensor("s", (1, 1, 2), signature=open_inside),
        tflite.tensor("c", (1, 1, 2), signature=open_inside),
        tflite.tensor("t", (1, 1, 2), signature=open_inside),
    ]
    operators = [
        tflite.operator(code.RESHAPE, [0, 1], [2]),
        tflite.operator(code.SOFTMAX, [2], [3]),
        tflite.operator(
            code.CONCATENATION, [2, 3], [4], joined, tflite.schema.BuiltinOptions.ConcatenationOptions
        ),
        tflite.operator(code.TILE, [4], [5]),
    ]
    graph = read(tflite.to_bytes(tflite.graph(tensors, operators, [0], [5])))

    assert [graph.tensors[name].shape for name in "rsct"] == [(1, 12, 2), (1, 12, 2), (1, 24, 2), None]
