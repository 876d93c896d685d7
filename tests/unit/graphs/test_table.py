"""Rows and the JSON document, and the way of a graph through JSON."""

import json

import pytest
from onnx import helper

from edgemeter.failures import FailureError
from edgemeter.graphs.limited import graph_from_json, graph_to_json
from edgemeter.graphs.table import document_of, rows_of


@pytest.fixture(params=["small_onnx", "small_tflite"])
def graph(request, read):
    return read(request.getfixturevalue(request.param))


def test_rows_add_up_to_the_graph(graph):
    rows = rows_of(graph)

    assert sum(row.macs for row in rows) == graph.macs
    assert sum(row.parameters for row in rows) == graph.parameters
    assert sum(row.activation_bytes for row in rows) == graph.activation_bytes
    assert [row.position for row in rows] == list(range(len(graph.operators)))


def test_the_document_is_plain_json(graph):
    document = document_of(graph)

    assert json.loads(json.dumps(document, allow_nan=False))["macs"] == graph.macs
    assert document["document"] == "edgemeter.graph/1"
    assert len(document["operators"]) == len(graph.operators)


def test_infinite_attributes_become_texts(read, onnx):
    node = helper.make_node("Elu", ["x"], ["y"], alpha=float("inf"))
    document = document_of(read(onnx({"x": ("float32", (1, 2))}, [node], ["y"])))

    assert document["operators"][0]["attributes"] == {"alpha": "inf"}
    json.dumps(document, allow_nan=False)


def test_a_graph_comes_back_from_json_as_it_was(graph):
    assert graph_from_json(json.loads(json.dumps(graph_to_json(graph)))) == graph


def test_numbers_keep_their_kinds_through_json(read, onnx):
    node = helper.make_node(
        "Sparkle", ["x"], ["y"], domain="a.b", i=[1, 2], f=[1.0, 2.0], s=["1", "2"], one=1.0, n=1
    )
    graph = read(onnx({"x": ("float32", (1, 2))}, [node], ["y"], domains={"a.b": 1}))
    attributes = graph_from_json(json.loads(json.dumps(graph_to_json(graph)))).operators[0].attributes

    assert {name: repr(value) for name, value in attributes.items()} == {
        name: repr(value) for name, value in graph.operators[0].attributes.items()
    }


def broken(document, path, value):
    *parents, last = path
    place = document
    for step in parents:
        place = place[step]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "exe"),
        (("operators", 0, "inputs"), ["nowhere"]),
        (("outputs",), ["nowhere"]),
        (("operators", 0, "cost", "macs"), "many"),
        (("operators",), None),
        (("tensors",), {}),
    ],
)
def test_what_is_no_graph_is_refused(graph, path, value):
    document = json.loads(json.dumps(graph_to_json(graph)))

    with pytest.raises(FailureError, match="no network"):
        graph_from_json(broken(document, path, value))
