"""`edgemeter verify` against the real service: what is measured, what is stored, and the regret."""

import asyncio
import json

import pytest

from ..campaigns.conftest import builder
from ..campaigns.test_campaigns import measure_all
from .test_predictors import ALL, fitted

#: Commands see HTTP alone; both databases are behind the same API in test_predictors.py.
pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


def verification(done):
    assert done.exception is None or done.exit_code, done.output
    return json.loads(done.stdout)["verification"]


async def test_finalists_are_measured_once_and_the_regret_is_that_of_the_measurements(
    measured, edgemeter, tmp_path
):
    await fitted(measured)
    file = tmp_path / "finalists.txt"
    file.write_text(
        "# architecture, accuracy\n\n" + "".join(f"{text} 0.{at}\n" for at, text in enumerate(ALL, 1))
    )
    words = ("verify", "tiny", "-f", file, "-t", measured.TARGET, "--max-latency-ms", 1e6, "--json")
    asked = asyncio.create_task(edgemeter(*words))
    agent = await builder(measured)
    while not asked.done():
        await measure_all(measured, agent)
        await asyncio.wait([asked], timeout=0.05)
    first = await asked
    assert first.exit_code == 0, first.output
    found = verification(first)
    networks = {each["architecture"]: each for each in found["networks"]}
    assert list(networks) == ALL
    assert {each["how"] for each in networks.values()} == {"measured"}
    fastest = min(networks.values(), key=lambda each: each["measured_ms"])
    chosen = min(networks.values(), key=lambda each: each["predicted_ms"])
    expected = 100 * (chosen["measured_ms"] / fastest["measured_ms"] - 1)
    assert found["summary"]["latency_regret_percent"] == pytest.approx(expected)
    assert found["summary"]["quality_regret"] == {
        "chosen": ALL[3],
        "best": ALL[3],
        "lost": 0,
        "over_percent": 0,
    }
    again = verification(await edgemeter(*words))
    assert {each["how"] for each in again["networks"]} == {"stored"}
    assert again["summary"] == found["summary"]


async def test_the_table_says_what_the_predictor_may_know(measured, edgemeter, clock):
    clock.advance(60)
    await fitted(measured)
    done = await edgemeter("verify", "tiny", ALL[0], ALL[3], "-t", measured.TARGET, "--protocol", "survey")
    assert done.exit_code == 0, done.output
    assert "2 were measured before the predictor was fitted" in " ".join(done.stdout.split())
    assert "regret of the fastest" in done.stdout


async def test_what_is_not_measured_is_told_and_what_is_no_architecture(measured, edgemeter):
    await fitted(measured)
    words = ("verify", "tiny", ALL[0], "-t", measured.TARGET)
    waiting = await edgemeter(*words, "--timeout", 0)
    assert waiting.exit_code == 6
    wrong = await edgemeter(*words, "tiny@1:conv3,conv9")
    assert wrong.exit_code == 2
    assert "architecture 2" in wrong.output
