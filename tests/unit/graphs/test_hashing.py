"""What the structural hash sees and what it does not."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, NodeProto, helper, numpy_helper

from edgemeter.graphs import structural_hash

BRANCHES = 4


def branching(kinds, joins):
    """Parallel convolutions of one input, then sums of pairs of what is there."""
    nodes = [
        helper.make_node("Conv", ["x", f"w{i}"], [f"c{i}"], f"conv{i}", pads=[1] * 4) for i in range(BRANCHES)
    ]
    nodes += [helper.make_node(kind, [f"c{i}"], [f"a{i}"], f"act{i}") for i, kind in enumerate(kinds)]
    made = [f"a{i}" for i in range(BRANCHES)]
    for step, (left, right) in enumerate(joins):
        nodes.append(
            helper.make_node(
                "Add", [made[left % len(made)], made[right % len(made)]], [f"s{step}"], f"sum{step}"
            )
        )
        made.append(f"s{step}")
    return nodes, made[-1]


@st.composite
def networks(draw):
    kinds = draw(st.lists(st.sampled_from(["Relu", "Abs", "Sigmoid"]), min_size=BRANCHES, max_size=BRANCHES))
    joins = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5))
    return branching(kinds, joins)


def weights(seed):
    rng = np.random.default_rng(seed)
    return {f"w{i}": rng.standard_normal((3, 3, 3, 3)).astype("f4") for i in range(BRANCHES)}


@pytest.fixture
def hash_of(read, onnx):
    def hash_of(nodes, output, seed=0):
        return structural_hash(read(onnx({"x": ("float32", (1, 3, 4, 4))}, nodes, [output], weights(seed))))

    return hash_of


def topological_shuffle(nodes, rng):
    made, left, order = {"x"} | {f"w{i}" for i in range(BRANCHES)}, list(nodes), []
    while left:
        ready = [node for node in left if made.issuperset(node.input)]
        node = rng.choice(ready)
        left.remove(node)
        made.update(node.output)
        order.append(node)
    return order


def renamed(nodes, rng):
    names = {}

    def fresh(name):
        return name if name == "x" or name.startswith("w") else names.setdefault(name, f"n{rng.random()}")

    return [
        helper.make_node(
            node.op_type,
            [fresh(name) for name in node.input],
            [fresh(name) for name in node.output],
            f"{rng.random()}",
            **{a.name: helper.get_attribute_value(a) for a in node.attribute},
        )
        for node in nodes
    ], names


@settings(max_examples=40, deadline=None)
@given(network=networks(), seed=st.integers(0, 2**31))
def test_order_names_and_weights_do_not_matter(hash_of_any, network, seed):
    nodes, output = network
    rng = random.Random(seed)
    shuffled, names = renamed(topological_shuffle(nodes, rng), rng)

    assert hash_of_any(shuffled, names[output], seed) == hash_of_any(nodes, output)


@settings(max_examples=40, deadline=None)
@given(network=networks(), position=st.integers(0, 100))
def test_the_type_of_one_operator_matters(hash_of_any, network, position):
    nodes, output = network
    changed = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    target = changed[BRANCHES + position % BRANCHES]
    target.op_type = "Tanh"

    assert hash_of_any(changed, output) != hash_of_any(nodes, output)


@pytest.fixture(scope="module")
def hash_of_any(onnx, tmp_path_factory):
    from edgemeter.graphs import read_graph

    folder = tmp_path_factory.mktemp("hash")

    def hash_of_any(nodes, output, seed=0):
        file = folder / "network.onnx"
        model = onnx({"x": ("float32", (1, 3, 4, 4))}, nodes, [output], weights(seed)).model()
        file.write_bytes(model.SerializeToString())
        return structural_hash(read_graph(file))

    return hash_of_any


def sums(*pairs):
    """Sums that read the given branches; 0 and 1 are alike in everything but their readers."""
    nodes, _ = branching(["Relu", "Relu", "Abs", "Sigmoid"], [])
    for step, (left, right) in enumerate(pairs):
        nodes.append(helper.make_node("Add", [f"a{left}", f"a{right}"], [f"s{step}"]))
    nodes.append(helper.make_node("Concat", [f"s{step}" for step in range(len(pairs))], ["y"], axis=1))
    return nodes, "y"


def test_an_edge_matters(hash_of):
    assert hash_of(*sums((0, 2), (1, 3))) != hash_of(*sums((0, 3), (1, 2)))
    assert hash_of(*sums((0, 2), (1, 3))) != hash_of(*sums((0, 2), (2, 3)))


def test_who_shares_a_result_matters(hash_of):
    shared = hash_of(*sums((0, 2), (0, 3), (1, 3)))
    apart = hash_of(*sums((0, 2), (1, 3), (1, 3)))

    assert shared != apart
    assert hash_of(*sums((0, 2), (0, 3), (1, 3))) == hash_of(*sums((1, 2), (1, 3), (0, 3)))


def test_the_order_of_inputs_matters_where_an_operator_tells_them_apart(hash_of):
    assert hash_of(*sums((0, 2))) != hash_of(*sums((2, 0)))


@pytest.mark.parametrize(
    "attribute", [{"pads": [0] * 4}, {"strides": [2, 2]}, {"dilations": [2, 2]}, {"group": 1}]
)
def test_attributes_matter(hash_of, attribute):
    nodes, output = branching(["Relu"] * BRANCHES, [(0, 0)])
    before = hash_of(nodes, output)
    nodes[0] = helper.make_node("Conv", ["x", "w0"], ["c0"], **({"pads": [1] * 4} | attribute))

    assert hash_of(nodes, output) != before


def test_dead_operators_matter(hash_of):
    nodes, output = branching(["Relu"] * BRANCHES, [(0, 1)])

    assert hash_of([*nodes, helper.make_node("Relu", ["x"], ["unused"])], output) != hash_of(nodes, output)


def changed(model, **parts):
    model = ModelProto.FromString(model)
    for name, array in parts.items():
        (weight,) = [weight for weight in model.graph.initializer if weight.name == name]
        weight.CopyFrom(numpy_helper.from_array(array, name))
    return model


def test_values_of_weights_do_not_matter_and_those_of_indices_do(read, small_onnx):
    before = structural_hash(read(small_onnx))

    assert structural_hash(read(changed(small_onnx, w=np.ones((4, 3, 3, 3), "f4")))) == before
    assert structural_hash(read(changed(small_onnx, offset=np.full(5, 7, "f4")))) == before
    assert structural_hash(read(changed(small_onnx, shape=np.array([-1, 64])))) != before


def test_values_of_integer_biases_do_not_matter(read, onnx):
    def hash_with(value):
        weights = {
            "s": np.array(0.1, "f4"),
            "z": np.array(0, "u1"),
            "w": np.zeros((4, 3, 1, 1), "u1"),
            "b": np.full(4, value, "i4"),
        }
        node = helper.make_node("QLinearConv", ["x", "s", "z", "w", "s", "z", "s", "z", "b"], ["y"])
        return structural_hash(read(onnx({"x": ("uint8", (1, 3, 2, 2))}, [node], ["y"], weights)))

    assert hash_with(1) == hash_with(2)


def test_types_and_shapes_matter(read, onnx):
    def hash_of(dtype, shape):
        return structural_hash(
            read(onnx({"x": (dtype, shape)}, [helper.make_node("Relu", ["x"], ["y"])], ["y"]))
        )

    assert len({hash_of("float32", (1, 4)), hash_of("float16", (1, 4)), hash_of("float32", (4, 1))}) == 3


def test_a_weight_as_a_node_is_the_same_network(read, onnx):
    weight = np.zeros((4, 8), "f4")
    product = helper.make_node("MatMul", ["x", "w"], ["y"])
    constant = helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(weight))
    inputs = {"x": ("float32", (1, 4))}

    assert structural_hash(read(onnx(inputs, [constant, product], ["y"]))) == structural_hash(
        read(onnx(inputs, [product], ["y"], {"w": weight}))
    )


def test_the_hash_of_a_network_stays_what_it_was(read, small_onnx, small_tflite):
    """Stored hashes must keep their meaning: raise the version in `hashing` before changing these."""
    assert structural_hash(read(small_onnx)) == "684ac8450b6be60bdf1d3b91006ea0f4"
    assert structural_hash(read(small_tflite)) == "a7bce1d99064f63f571df8dcf2efc8aa"
