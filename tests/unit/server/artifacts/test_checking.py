"""What may be stored: networks of known formats that are whole in themselves."""

import pytest
from onnx import AttributeProto, ModelProto, TensorProto, helper

from edgemeter.graphs.limits import MalformedFileError
from edgemeter_agents.networks import SHIPPED
from edgemeter_server.artifacts.checking import checked_format


def outside(name="w"):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="a")
    return tensor


def model(nodes, weights=(), functions=()):
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "network", [], [result], weights)
    return helper.make_model(graph, functions=functions)


def constant(tensor):
    return helper.make_node("Constant", [], ["y"], value=tensor)


def branching(tensor):
    body = helper.make_graph([constant(tensor)], "body", [], [helper.make_empty_tensor_value_info("y")])
    return helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)


def many(tensor):
    attribute = AttributeProto(name="values", type=AttributeProto.TENSORS, tensors=[tensor])
    node = helper.make_node("Foreign", [], ["y"], domain="of.somebody")
    node.attribute.append(attribute)
    return node


@pytest.mark.parametrize("network", SHIPPED, ids=lambda network: network.path.name)
def test_shipped_networks_are_fine(network):
    assert checked_format(network.path.read_bytes()) == network.format


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"\x08\x08",
        b"PK\x03\x04 zip",
        b"\x1f\x8b gzip",
        b"<html>",
        b'{"a": 1}',
        b"\x80\x02 pickle",
        b"\0\0\0\0ORTM" + bytes(100),
        b"\x1c\0\0\0TFL3",
        b"\0\0\0\0TFL3" + bytes(1000),
        b"MZ\x90\0 program",
        b"\x7fELF" + bytes(100),
        b"%PDF-1.4",
        bytes(range(256)) * 10,
    ],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_no_network_is_refused(content):
    with pytest.raises(MalformedFileError):
        checked_format(content)


@pytest.mark.parametrize(
    "network",
    [
        model([helper.make_node("Identity", ["w"], ["y"])], [outside()]),
        model([constant(outside())]),
        model([branching(outside())]),
        model([many(outside())]),
        model(
            [helper.make_node("F", [], ["y"], domain="f")],
            functions=[
                helper.make_function(
                    "f", "F", [], ["y"], [constant(outside())], [helper.make_opsetid("", 17)]
                )
            ],
        ),
    ],
    ids=["initializer", "constant", "body", "tensors", "function"],
)
def test_weights_in_other_files_are_refused(network: ModelProto):
    with pytest.raises(MalformedFileError, match="external data"):
        checked_format(network.SerializeToString())


def test_a_hidden_tensor_in_a_short_attribute_is_found():
    """Its tag is written in two bytes, as ONNX Runtime also reads it."""
    tensor = outside("").SerializeToString()
    attribute = b"\x0a\x05value\xa0\x01\x04" + b"\xaa\x00" + bytes([len(tensor)]) + tensor
    assert len(attribute) <= 64
    assert AttributeProto.FromString(attribute).t.external_data
    node = b"\x12\x01y\x22\x08Constant\x2a" + bytes([len(attribute)]) + attribute
    graph = b"\x0a" + bytes([len(node)]) + node
    content = b"\x08\x08\x3a" + bytes([len(graph)]) + graph

    with pytest.raises(MalformedFileError, match="external data"):
        checked_format(content)


@pytest.mark.parametrize(
    "network", [n for n in SHIPPED if n.format == "tflite"][:1], ids=lambda n: n.path.name
)
def test_a_cut_tflite_file_is_refused_or_left_for_its_reader(network):
    content = network.path.read_bytes()
    for size in range(8, 4000, 97):
        try:
            assert checked_format(content[:size]) == "tflite"
        except MalformedFileError:
            continue
