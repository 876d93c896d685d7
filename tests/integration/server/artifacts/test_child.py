"""Strangers' files are read in a limited child, and what it says is checked."""

import json

import pytest

from edgemeter.failures import FailureError, FailureKind
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_agents.networks import SHIPPED
from edgemeter_server.artifacts import child
from edgemeter_server.artifacts.child import features_in_child, format_in_child
from edgemeter_server.artifacts.summarising import features_of


@pytest.mark.parametrize("network", SHIPPED[:4:3], ids=lambda network: network.path.name)
def test_a_network(network):
    assert format_in_child(network.path) == network.format
    assert GraphFeatures.model_validate_json(features_in_child(network.path)) == features_of(network.path)


def test_no_network(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"PK\x03\x04")

    for call in (format_in_child, features_in_child):
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
    network = features_of(SHIPPED[0].path).model_dump(mode="json")
    endless = {**network, "operator_types": {f"kind {number}": 1 for number in range(10_000)}}
    for sent in (None, "?", [], {}, {**network, "macs": "many"}, endless):
        monkeypatch.setattr(child, "run_limited", lambda *_, sent=sent: json.loads(json.dumps(sent)))
        with pytest.raises(FailureError):
            features_in_child(tmp_path)
