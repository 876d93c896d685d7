"""Graphs as they are stored: the same again, small, and nothing that is believed unseen."""

import json
import zlib
from contextlib import nullcontext

import pytest

from edgemeter.failures import FailureError
from edgemeter.graphs import read_graph
from edgemeter.kernels.wiring import Wiring
from edgemeter_agents.networks import SHIPPED
from edgemeter_server.artifacts import packing
from edgemeter_server.artifacts.packing import check_packed, packed, unpacked


@pytest.mark.parametrize("network", SHIPPED, ids=lambda network: network.path.name)
def test_the_same_graph_comes_out_and_is_small(network):
    graph = read_graph(network.path)
    content = packed(graph)
    check_packed(content)
    assert unpacked(content) == Wiring.of(graph)
    assert len(content) < 32_000


def test_what_is_too_large_is_not_kept(monkeypatch):
    graph = read_graph(SHIPPED[0].path)
    monkeypatch.setattr(packing, "MOST_PACKED_BYTES", 100)
    assert packed(graph) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no deflate",
        packed(read_graph(SHIPPED[0].path))[:-9],
        zlib.compress(b"{}"),
        zlib.compress(b"["),
        zlib.compress(json.dumps([1] * 10).encode()),
        zlib.compress(json.dumps(["onnx", [], [], [], [[0, "", [], []]], []]).encode()),
    ],
    ids=["nothing", "garbage", "cut off", "another document", "no document", "a list", "beyond"],
)
def test_what_is_damaged_is_told(content):
    for reads in (check_packed, unpacked):
        with pytest.raises(FailureError, match="damaged"):
            reads(content)


@pytest.mark.parametrize(
    "strange",
    [{"outputs": [-1]}, {"activations": [["x", [1.0], "float32"]]}, {"format": "none"}, {"constants": [[1]]}],
    ids=lambda strange: next(iter(strange)),
)
def test_what_no_child_of_ours_sends_is_not_stored(strange):
    document = {"format": "onnx", "activations": [["x", [1], "float32"]], "constants": [], "works": []}
    document |= {"operators": [], "outputs": [0]}
    for sound, fields in ((True, document), (False, document | strange)):
        with nullcontext() if sound else pytest.raises(FailureError, match="damaged"):
            check_packed(zlib.compress(json.dumps(list(fields.values())).encode()))


def test_a_bomb_is_not_blown_up(monkeypatch):
    monkeypatch.setattr(packing, "_MOST_BYTES", 10_000)
    with pytest.raises(FailureError, match="damaged"):
        unpacked(zlib.compress(bytes(1_000_000)))
