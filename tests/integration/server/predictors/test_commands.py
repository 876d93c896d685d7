"""`edgemeter predictors` against the real service."""

import json

import numpy as np
import onnxruntime
import pytest

from edgemeter.cli import codes
from edgemeter.cli.exits import Exit
from edgemeter.kernels.places import predictor_path
from edgemeter.spaces.registry import find_space
from edgemeter_server.predictors import watching

from ..campaigns.conftest import builder
from .kernel_files import network
from .test_predictors import ALL, fitted
from .test_watching import measured_anew

pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


async def test_versions_are_compared_and_one_that_moved_says_so(measured, edgemeter, monkeypatch):
    first, second = await fitted(measured), await fitted(measured, model="hierarchical")
    words = ("predictors", "compare", first["id"], second["id"])
    found = json.loads((await edgemeter(*words, "--json")).stdout)["comparison"]
    assert (found["first"]["id"], found["networks"]) == (first["id"], 1)
    shown = (await edgemeter(*words)).stdout
    assert "seen by neither" in shown
    assert found["differing"][0]["architecture"] in shown
    assert "holds" not in (await edgemeter("predictors", "show", second["id"])).stdout

    monkeypatch.setattr(watching, "FEWEST", 3)
    await measured_anew(measured, factor=2.0)
    await watching.watch(measured.services)
    shown = " ".join((await edgemeter("predictors", "show", second["id"])).stdout.split())
    assert "it has moved" in shown
    assert "of 4 in the 90 % interval" in shown
    listed = json.loads((await edgemeter("predictors", "list", "--json")).stdout)["predictors"]
    assert [each["drift"] and each["drift"]["drifted"] for each in listed] == [True, None]


async def test_codes_of_one_file_are_predicted_into_another(measured, edgemeter, tmp_path, monkeypatch):
    monkeypatch.setattr(codes, "_ROWS_AT_ONCE", 3)
    await fitted(measured)
    source, output = tmp_path / "codes.npy", tmp_path / "latency.npy"
    np.save(source, np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.uint8))
    words = ("predict", "tiny", "--target", measured.TARGET)
    found = json.loads((await edgemeter(*words, "--codes", source, "-o", output, "--json")).stdout)
    table = np.load(output)
    assert found["least_ms"] == table[:, 0].min()
    shown = json.loads((await edgemeter(*words, *ALL, "--predicted", "--json")).stdout)["estimates"]
    assert table[:, 0] == pytest.approx([each["latency_ms"] for each in shown], rel=1e-6)
    assert (await edgemeter(*words, "--codes", source)).exit_code == 2
    source.write_text("no array")
    assert (await edgemeter(*words, "--codes", source, "-o", output)).exit_code == 1
    assert (np.load(output) == table).all()


async def test_a_predictor_of_files_is_published_and_asked(
    measured, edgemeter, kernel_file, tmp_path, monkeypatch
):
    monkeypatch.setenv("EDGEMETER_STATE_DIR", str(tmp_path))
    words = ("kernels", "publish", "-t", "onnxruntime.fp32")
    missing = await edgemeter(*words)
    assert "edgemeter kernels measure" in str(missing.exception)
    path = predictor_path(measured.TARGET)
    path.parent.mkdir()
    path.write_bytes(kernel_file)
    assert "any file, by its kernels" in (await edgemeter(*words)).stdout
    other = json.loads((await edgemeter(*words, "--file", path, "--keep-active", "--json")).stdout)[
        "predictor"
    ]
    assert (other["number"], other["active"]) == (2, False)
    listed = (await edgemeter("predictors", "list", "--space", "any-network")).stdout
    assert "any-network" in listed

    file = tmp_path / "n.onnx"
    file.write_bytes(network(200))
    words = ("predict", file, "-t", "onnxruntime.fp32", "--url", "http://testserver")
    [found] = json.loads((await edgemeter(*words, "--parts", "--json")).stdout)["estimates"]
    assert (found["source"], found["predictor_number"]) == ("predicted", 1)
    assert found["file"] == "n.onnx"
    by_name = (await edgemeter(*words, "--parts")).stdout
    assert f"{measured.TARGET}: n.onnx" in " ".join(by_name.split())
    assert found["artifact"][:12] not in by_name
    shown = await edgemeter("predict", found["artifact"], "-t", "onnxruntime.fp32", "--parts")
    assert found["artifact"][:12] in shown.stdout
    assert "the rest" in shown.stdout
    assert (await edgemeter("predict", tmp_path / "no.onnx", *words[2:])).exit_code == Exit.USAGE
    # Words that leave it open mean the targets of the file's own precision.
    await builder(measured, device="other", offered=(measured.TARGET.replace("fp32", "int8"),))
    by_words = await edgemeter("predict", file, "-t", "onnxruntime", "--json", *words[-2:])
    [found] = json.loads(by_words.stdout)["estimates"]
    assert found["target"] == measured.TARGET


async def test_versions_are_saved_also_as_onnx(measured, edgemeter, tmp_path):
    version = await fitted(measured)
    file = tmp_path / "p.onnx"
    await edgemeter("predictors", "download", version["id"], "--onnx", "-o", file)
    [latency_ms] = onnxruntime.InferenceSession(file).run(None, {"codes": np.array([[0, 1]], np.uint8)})
    asked = await edgemeter("predict", "tiny", ALL[1], "-t", measured.TARGET, "--predicted", "--json")
    assert latency_ms == pytest.approx([json.loads(asked.stdout)["estimates"][0]["latency_ms"]])


async def test_operators_are_asked_about(measured, edgemeter):
    key = find_space("tiny").placed[0].key
    words = ("predict", "tiny", "--operator", key, "-t", measured.TARGET)
    [found] = json.loads((await edgemeter(*words, "--json")).stdout)["estimates"]
    assert (found["operator"], found["source"]) == (key, "measured")
    shown = await edgemeter(*words, "--predicted")
    assert "predicted" in shown.stdout
    assert (await edgemeter("predict", "tiny", ALL[0], *words[2:])).exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("predictors", "list"), "edgemeter fit SPACE"),
        (("imports", "list"), "edgemeter import FILE"),
        (("results", "list", "--invalid"), "edgemeter submit FILE"),
        (("campaign", "list", "--limit", "1"), None),
    ],
)
async def test_an_empty_list_says_how_to_get_something(edgemeter, words, says):
    shown = await edgemeter(*words)
    assert (says or "") in shown.stderr
    assert bool(shown.stdout) is (says is None)
    assert (await edgemeter(*words, "--json")).stderr == ""
