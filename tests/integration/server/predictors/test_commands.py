"""`edgemeter predictors` against the real service."""

import json

import pytest

from edgemeter_server.predictors import watching

from .test_predictors import fitted
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
