"""`edgemeter predictors` against the real service."""

import json

import numpy as np
import pytest

from edgemeter.cli import codes
from edgemeter_server.predictors import watching

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
