"""Strangers' files are read in a limited child, and what it says is checked."""

import json
from base64 import b64encode

import pytest

from edgemeter.failures import FailureError, FailureKind
from edgemeter.kernels.wiring import Wiring
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_agents.networks import SHIPPED
from edgemeter_server.artifacts import child
from edgemeter_server.artifacts.child import format_in_child, reading_in_child
from edgemeter_server.artifacts.packing import MOST_PACKED_BYTES, unpacked
from edgemeter_server.artifacts.summarising import summary_of


@pytest.mark.parametrize("network", SHIPPED[:4:3], ids=lambda network: network.path.name)
def test_a_network(network):
    assert format_in_child(network.path) == network.format
    read, summary = reading_in_child(network.path), summary_of(network.path)
    assert GraphFeatures.model_validate_json(read.features) == summary.features
    assert unpacked(read.graph) == Wiring.of(summary.graph)
    assert read.no_graph is None


def test_no_network(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"PK\x03\x04")

    for call in (format_in_child, reading_in_child):
        with pytest.raises(FailureError, match="ZIP") as refused:
            call(file)
        assert refused.value.failure.kind is FailureKind.MALFORMED
        assert str(tmp_path) not in str(refused.value)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        format_in_child(tmp_path / "nothing")


@pytest.mark.parametrize("sent", [None, "exe", ["onnx"], {"onnx": 1}, 7])
def test_a_format_that_is_none_is_not_believed(monkeypatch, tmp_path, sent):
    monkeypatch.setattr(child, "run_limited", lambda *_: sent)

    with pytest.raises(FailureError, match="no answer"):
        format_in_child(tmp_path)


def test_features_that_are_none_are_not_believed(monkeypatch, tmp_path):
    features = summary_of(SHIPPED[0].path).features.model_dump(mode="json")
    endless = {**features, "operator_types": {f"kind {number}": 1 for number in range(10_000)}}
    garbled = [{"features": each, "graph": None} for each in ({**features, "macs": "many"}, endless)]
    strange = ("not base64", b64encode(b"no graph").decode())
    graphs = [{"features": features, "graph": each} for each in strange]
    for sent in (None, "?", [], {}, *garbled, *graphs):
        monkeypatch.setattr(child, "run_limited", lambda *_, sent=sent: json.loads(json.dumps(sent)))
        with pytest.raises(FailureError):
            reading_in_child(tmp_path)


@pytest.mark.parametrize("open_", [True, False])
def test_without_a_graph_it_says_why(monkeypatch, tmp_path, open_):
    features = summary_of(SHIPPED[0].path).features.model_dump(mode="json")
    large = b64encode(bytes(MOST_PACKED_BYTES + 1)).decode()
    sent = {"features": features, "graph": None if open_ else large, "open": open_}
    monkeypatch.setattr(child, "run_limited", lambda *_: sent)
    read = reading_in_child(tmp_path)
    assert read.graph is None
    assert ("leave sizes open" if open_ else "too many operators") in read.no_graph
