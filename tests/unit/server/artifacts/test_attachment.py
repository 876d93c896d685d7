"""Whatever a file is called, it is downloaded under one harmless name."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_server.artifacts.attachment import content_disposition

_PLAIN = re.compile(
    r"attachment; filename=\"([A-Za-z0-9][A-Za-z0-9._-]*)\"; filename\*=UTF-8''([\w.%~-]+)", re.ASCII
)


NASTY = json.loads((Path(__file__).parents[3] / "data" / "nasty_names.json").read_text())


def names(header):
    match = _PLAIN.fullmatch(header)
    assert match, header
    return match[1], unquote(match[2])


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names(name):
    _assert_harmless(content_disposition(name, "onnx"))


@given(st.text(max_size=300))
def test_any_name(name):
    _assert_harmless(content_disposition(name, "onnx"))


def _assert_harmless(header):
    header.encode("latin-1")
    plain, full = names(header)
    for shown in (plain, full):
        assert shown.endswith(".onnx")
        assert not set(shown) & set('/\\:*?"<>|\r\n\0')
        assert shown.isprintable()
        assert not shown.startswith(".")
        assert len(shown.encode()) < 255
        assert Path(shown).name == shown


def test_ordinary_names_stay():
    assert names(content_disposition("mobile net v2.onnx", "onnx")) == (
        "mobile_net_v2.onnx",
        "mobile net v2.onnx",
    )
    assert names(content_disposition("名前", "tflite")) == ("network.tflite", "名前.tflite")
