"""`edgemeter inspect` as people and programs call it."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from onnx import TensorProto, helper, save_model

GOLDEN = Path(__file__).parents[2] / "data" / "mobilenet_v2.onnx"
SHAPE = ("--shape", "input=1,3,224,224")
NAME = "\x1b[31m=cmd|' /C calc'!A0\n\u202e[bold]"


def inspect(*arguments, **environment):
    command = [Path(sys.executable).with_name("edgemeter"), "inspect", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A file whose every name is an attack."""
    graph = helper.make_graph(
        [
            helper.make_node("Relu", [NAME], ["y"], name=NAME),
            helper.make_node(NAME, ["y"], [f"{NAME}2"], domain=NAME),
        ],
        NAME,
        [helper.make_tensor_value_info(NAME, TensorProto.FLOAT, (1, 4))],
        [helper.make_empty_tensor_value_info(f"{NAME}2")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(NAME, 1)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name=NAME, ir_version=8)
    file = tmp_path_factory.mktemp("hostile") / "=cmd [red].onnx"
    save_model(model, file)
    return file


def test_people_see_totals_and_operators():
    done = inspect(GOLDEN, *SHAPE)

    assert done.returncode == 0
    assert done.stderr == ""
    for shown in ("300,774,272", "3,504,872", "onnx (ai.onnx 13)", "1x3x224x224", "BatchNormalization"):
        assert shown in done.stdout


def test_json_is_one_document():
    done = inspect(GOLDEN, *SHAPE, "--json")
    document = json.loads(done.stdout)

    assert document["file"] == "mobilenet_v2.onnx"
    assert document["document"] == "edgemeter.graph/1"
    assert document["macs"] == 300_774_272
    assert sum(operator["macs"] for operator in document["operators"]) == document["macs"]
    assert len(document["structural_hash"]) == 32
    assert document["inputs"] == [{"name": "input", "shape": [1, 3, 224, 224], "dtype": "float32"}]


def test_csv_has_a_row_per_operator():
    done = inspect(GOLDEN, *SHAPE, "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))

    assert len(rows) == 152
    assert sum(int(row["macs"]) for row in rows) == 300_774_272
    assert rows[0]["output_shapes"] == "1x32x112x112"


def test_an_open_input_is_told_with_the_flag_to_give():
    done = inspect(GOLDEN)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: input 'input'")
    assert "--shape input=1,3,224,224" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "empty"), (b"PK\x03\x04", "ZIP"), (b"\xff" * 50, "broken")]
)
def test_a_file_that_is_no_network_ends_with_code_2(tmp_path, content, words):
    file = tmp_path / "network.onnx"
    file.write_bytes(content)
    done = inspect(file, "--json")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("no such file",),
        (GOLDEN, "--shape", "input"),
        (GOLDEN, "--shape", "input=0"),
        (GOLDEN, "--json", "--csv"),
    ],
)
def test_wrong_usage_ends_with_code_2(arguments):
    done = inspect(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", [(), ("--csv",), ("--json",)])
def test_names_from_files_are_harmless(hostile, how):
    done = inspect(hostile, *how, FORCE_COLOR="", NO_COLOR="1")

    assert done.returncode == 0
    assert not {"\x1b", "\u202e", "\x9b", "\r"} & set(done.stdout)
    if how == ("--csv",):
        assert {len(row) for row in csv.reader(io.StringIO(done.stdout))} == {11}
        assert not any(
            cell.startswith(("=", "+", "-", "@"))
            for row in csv.reader(io.StringIO(done.stdout))
            for cell in row
        )
    if how == ("--json",):
        assert json.loads(done.stdout)["operators"][0]["name"] == NAME
    if not how:
        assert "[bold]" in done.stdout  # shown, not obeyed


def test_unknown_operators_are_pointed_out(hostile):
    assert "unknown: 1 of 2 operators (" in " ".join(inspect(hostile).stdout.split())


def test_no_color_is_honoured(hostile):
    colour = re.compile(r"\x1b\[(\d+;)*3\dm")

    assert colour.search(inspect(hostile, FORCE_COLOR="1", NO_COLOR="").stdout)
    assert not colour.search(inspect(hostile, FORCE_COLOR="1", NO_COLOR="1").stdout)
