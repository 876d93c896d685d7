"""Files made to hurt: every one is refused, or read within bounds."""

import random
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

from edgemeter.failures import FailureError
from edgemeter.graphs import Limits, MalformedFileError, ShapeError, read_graph, structural_hash
from edgemeter.graphs.table import document_of

MUTANTS = 1000
EMPTY = b"\x0a\x00"  # a message of no bytes in field 1


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def number(field, value):
    return varint(field << 3) + varint(value)


def node(kind, inputs, outputs, *attributes):
    names = [message(1, name.encode()) for name in inputs] + [message(2, name.encode()) for name in outputs]
    return message(
        1, b"".join(names) + message(4, kind.encode()) + b"".join(message(5, a) for a in attributes)
    )


def axis(value):
    return message(1, b"axis") + number(3, value) + number(20, 2)


def value(field, name, *dims):
    shape = message(2, b"".join(message(1, number(1, dim)) for dim in dims))
    return message(field, message(1, name.encode()) + message(2, message(1, number(1, 1) + shape)))


def typed_input(type_):
    return message(11, message(1, b"x") + message(2, type_))


def model(*graph):
    return number(1, 8) + message(7, b"".join(graph)) + message(8, number(2, 13))


X = value(11, "x", 1, 3, 8, 8)
RELU = node("Relu", ["x"], ["y"])


def doublings():
    nodes = [node("Shape", ["x"], ["c0"])]
    nodes += [node("Concat", [f"c{k}"] * 2, [f"c{k + 1}"], axis(0)) for k in range(40)]
    return model(X, *nodes, node("ConstantOfShape", ["c40"], ["y"]))


def nested_ifs(depth):
    inner = RELU
    for _ in range(depth):
        inner = node("If", ["x"], ["y"], message(1, b"then_branch") + number(20, 5) + message(6, inner))
    return model(X, inner)


def many_bodies():
    body = message(1, b"then_branch") + number(20, 5) + message(6, b"")
    plain = b"".join(node("Relu", ["x"], [f"r{k}"]) for k in range(9000))
    return model(X, plain, *(node("If", ["x"], [f"y{k}"], body) for k in range(3000)))


def long_shape():
    ints = message(1, b"value_ints") + message(8, b"\x01" * 3000) + number(20, 7)
    fan_out = b"".join(node("Relu", ["t"], [f"r{k}"]) for k in range(10_000))
    return model(X, node("Constant", [], ["s"], ints), node("ConstantOfShape", ["s"], ["t"]), fan_out)


BOMBS = {
    "ten million empty nodes": lambda: model(b"\x0a\x00" * 10_000_000),
    "empty attributes": lambda: model(message(1, b"\x2a\x00" * 400_000)),
    "empty initializers": lambda: model(X, RELU, b"\x2a\x00" * 400_000),
    "empty inputs": lambda: model(X, RELU, b"\x5a\x00" * 400_000),
    "empty functions": lambda: model(X, RELU) + b"\xca\x01\x00" * 400_000,
    "empty names": lambda: model(message(1, b"\x0a\x00" * 1_000_000 + message(4, b"Sum"))),
    "dimensions of one input": lambda: model(typed_input(message(1, message(2, EMPTY * 400_000))), RELU),
    "dimensions of one weight": lambda: model(X, message(5, message(1, b"\x01" * 3_000_000)), RELU),
    "a list of integers": lambda: model(X, node("Relu", ["x"], ["y"], message(8, b"\x01" * 3_000_000))),
    "nesting": lambda: nested_ifs(2000),
    "nested types": lambda: model(typed_input(deep_type()), RELU),
    "shapes that double": doublings,
    "bodies times operators": many_bodies,
    "a long shape for many tensors": long_shape,
    "a long name": lambda: model(X, node("Relu", ["x"], ["y" * 100_000])),
    "twenty million zeros": lambda: bytes(20_000_000),
}  # fmt: skip


def deep_type():
    inner = b""
    for _ in range(500):
        inner = message(4, message(1, inner))
    return inner


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_a_library_sees_them(tmp_path, monkeypatch, name):
    from edgemeter.graphs import onnx_shapes

    monkeypatch.setattr(
        onnx_shapes, "infer_shapes", lambda _: pytest.fail("the bomb reached shape inference")
    )
    file = tmp_path / "bomb"
    file.write_bytes(BOMBS[name]())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(MalformedFileError):
        read_graph(file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (model(value(11, "x", 1 << 62), RELU), "dimension"),
        (
            model(X, message(5, number(1, (1 << 64) - 5) + number(2, 1) + message(8, b"w")), RELU),
            "dimension of -5",
        ),
        (model(X, node("Relu", ["nowhere"], ["y"])), "nothing before it makes"),
        (model(X, node("Relu", ["later"], ["y"]), node("Relu", ["x"], ["later"])), "nothing before it makes"),
        (model(X, RELU, RELU), "made twice"),
        (model(X, node("Relu", ["y"], ["y"])), "nothing before it makes"),
        (model(X), "no network"),
        (number(1, 8), "no network"),
        (model(X, RELU) + model(X, RELU), "made twice"),  # protobuf joins the two graphs
    ],
)
def test_impossible_networks_are_refused_in_words(read, content, words):
    with pytest.raises(MalformedFileError, match=words):
        read(content)


def test_limits_are_the_callers(read, small_onnx, small_tflite):
    for content in (small_onnx, small_tflite):
        with pytest.raises(MalformedFileError, match="operators"):
            read(content, limits=Limits(operators=3))
        with pytest.raises(MalformedFileError):
            read(content, limits=Limits(fields=20))


def external(location, field="w"):
    tensor = TensorProto(name=field, dims=(4, 3, 1, 1), data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="offset", value="0")
    tensor.external_data.add(key="location", value=location)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 8, 8))],
        [helper.make_empty_tensor_value_info("y")],
        [tensor],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_external_weights_are_counted_and_never_opened(read):
    graph = read(external("weights/part-1.bin"))  # there is no such file

    assert graph.parameters == 12
    assert graph.macs == 64 * 12


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../secret", "a/../../secret", "C:\\secret", "..\\secret", "a\0b"]
)
def test_external_weights_elsewhere_are_refused(read, location):
    with pytest.raises(MalformedFileError, match="outside its own folder"):
        read(external(location))


def test_external_weights_by_a_link_are_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "weights.bin").symlink_to(secret)
    (folder / "network.onnx").write_bytes(external("weights.bin").SerializeToString())

    with pytest.raises(MalformedFileError, match="outside its own folder"):
        read_graph(folder / "network.onnx")


def test_external_weights_of_a_constant_node_are_looked_at_too(read):
    tensor = external("../secret").graph.initializer[0]
    file = external("fine.bin")
    file.graph.node.insert(0, helper.make_node("Constant", [], ["c"], value=tensor))

    with pytest.raises(MalformedFileError, match="outside its own folder"):
        read(file)


def test_weights_that_are_not_numbers_do_not_matter(read, small_onnx):
    file = ModelProto.FromString(small_onnx)
    file.graph.initializer[0].raw_data = np.full(4 * 27, np.nan, "f4").tobytes()

    assert read(file).macs == read(small_onnx).macs


def test_names_of_any_kind_go_through(read):
    name = "\x1b[31m=cmd|' /C calc'!A0\n\u202e[bold]"
    graph = read(model(X, node("Relu", ["x"], [name])))

    assert graph.operators[0].outputs == (name,)


@pytest.mark.parametrize("place", ["operator", "tensor", "attribute", "input", "dimension", "producer"])
def test_names_that_are_no_text_are_refused(read, small_onnx, place):
    marks = {
        "operator": b"classify",
        "tensor": b"\x01n",
        "attribute": b"strides",
        "input": b"\x01x",
        "producer": b"maker",
    }
    file = ModelProto.FromString(small_onnx)
    file.producer_name = "maker"
    file.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    content = file.SerializeToString()
    mark = marks.get(place, b"batch")
    assert mark in content

    with pytest.raises(MalformedFileError, match="no text"):
        read(content.replace(mark, mark[:-1] + b"\xff"), shapes={"x": (1, 3, 8, 8)})


def mutant(seed, content):
    """Bytes flipped, overwritten, removed, repeated or cut; the head stays, so that a reader is reached."""
    rng = random.Random(seed)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(8, len(data))
        match rng.randrange(6):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                del data[at : at + rng.randrange(1, 9)]
            case 3:
                data[at:at] = data[at : at + rng.randrange(1, 65)]
            case 4:
                data[at : at + 4] = struct.pack(
                    "<I", rng.choice((0, 2**31 - 1, 2**32 - 1, len(data), rng.randrange(2**32)))
                )
            case 5:
                del data[rng.randrange(len(data) // 2, len(data)) :]
        if len(data) < 16:
            break
    return bytes(data)


def rewired(seed, content):
    """A network that still parses, with some of its parts exchanged for impossible ones."""
    rng = random.Random(seed)
    file = ModelProto.FromString(content)
    numbers = (0, 1, -1, 2, 3, 7, 1000, 2**31, -(2**31), 2**62, -(2**63))
    kinds = (
        "Conv",
        "Gemm",
        "Reshape",
        "Loop",
        "If",
        "Scan",
        "LSTM",
        "Einsum",
        "Constant",
        "Attention",
        "QLinearConv",
    )
    for _ in range(rng.choice((1, 2, 4))):
        node = rng.choice(file.graph.node)
        weight = rng.choice(file.graph.initializer)
        attribute = rng.choice(node.attribute or [helper.make_attribute("a", 1)])
        match rng.randrange(9):
            case 0:
                node.op_type = rng.choice(kinds)
            case 1:
                node.input[:] = rng.choices([*node.input, "", "x"], k=rng.randrange(6))
            case 2:
                node.output[:] = node.output[: rng.randrange(2)]
            case 3:
                weight.dims[:] = rng.choices(numbers, k=rng.randrange(7))
            case 4:
                weight.data_type = rng.randrange(-1, 40)
            case 5:
                attribute.ints[:] = rng.choices(numbers, k=rng.randrange(9))
            case 6:
                attribute.i, attribute.type = rng.choice(numbers), rng.randrange(1, 15)
            case 7:
                rng.choice(file.graph.input[0].type.tensor_type.shape.dim).dim_value = rng.choice(numbers)
            case 8:
                node.domain = rng.choice(("", "com.microsoft", "ai.onnx.ml", "a.b"))
    return file.SerializeToString()


def test_impossible_parts_are_refused_or_left_uncounted(read, small_onnx):
    golden = (Path(__file__).parents[2] / "data" / "mobilenet_v2.onnx").read_bytes()
    were_read = 0
    for seed in range(600):
        content = small_onnx if seed % 6 else golden
        try:
            graph = read(rewired(seed, content), shapes={} if seed % 6 else {"input": (1, 3, 224, 224)})
        except (MalformedFileError, ShapeError):
            continue
        were_read += 1
        structural_hash(graph)
        document_of(graph)
        assert graph.macs >= 0
    assert were_read > 100


@pytest.mark.parametrize("kind", ["small_onnx", "small_tflite"])
def test_a_thousand_mutants_are_read_or_refused(request, tmp_path, kind):
    content = request.getfixturevalue(kind)
    file = tmp_path / "mutant"
    outcomes = {"read": 0, "refused": 0}
    for seed in range(MUTANTS):
        file.write_bytes(mutant(seed, content))
        try:
            graph = read_graph(file)
        except (MalformedFileError, ShapeError):
            outcomes["refused"] += 1
        except FailureError as error:  # pragma: no cover
            pytest.fail(f"mutant {seed}: {error}")
        else:
            outcomes["read"] += 1
            structural_hash(graph)
            document_of(graph)
    assert min(outcomes.values()) > 50, outcomes  # else the mutations are too tame, or too wild


def test_mutants_of_the_golden_file(tmp_path):
    content = (Path(__file__).parents[2] / "data" / "mobilenet_v2.onnx").read_bytes()
    file = tmp_path / "mutant"
    for seed in range(200):
        file.write_bytes(mutant(seed, content))
        try:
            structural_hash(read_graph(file, {"input": (1, 3, 224, 224)}))
        except (MalformedFileError, ShapeError):
            continue
