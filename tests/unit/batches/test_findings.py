from dataclasses import replace
from pathlib import Path

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.batches.findings import judge_conditions, judge_execution
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.conditions.snapshot import Change, difference, read_conditions
from edgemeter_agents.measuring.validity import Reason
from edgemeter_agents.runtimes.base import Facts, Settings

GOOD = Facts("fake", "1", Precision.FP32, 1, {"cpu": 10})


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        (GOOD, []),
        (replace(GOOD, precision_executed=Precision.BF16), [Reason.PRECISION_DIFFERS]),
        (replace(GOOD, precision_executed=None), [Reason.PRECISION_UNKNOWN]),
        (replace(GOOD, threads=2), [Reason.THREADS_DIFFER]),
        (replace(GOOD, threads=None), []),
        (replace(GOOD, placement={}), [Reason.PLACEMENT_UNKNOWN]),
        (replace(GOOD, placement={"cpu": 9, "gpu": 1}), [Reason.FALLBACK_PARTIAL]),
        (replace(GOOD, placement={"gpu": 1}), [Reason.FALLBACK_FULL]),
    ],
)
def test_what_a_runtime_did_against_what_it_was_asked(facts: Facts, reasons: list[Reason]) -> None:
    assert [finding.reason for finding in judge_execution(Settings(), "cpu", facts)] == reasons


@pytest.fixture
def nothing(tmp_path: Path) -> Change:
    conditions = read_conditions(Roots(tmp_path, tmp_path, tmp_path))
    return difference(conditions, conditions)


def test_a_machine_that_tells_nothing_is_not_accused(nothing: Change) -> None:
    assert list(judge_conditions([nothing])) == []


def test_one_visit_with_throttling_is_enough(nothing: Change) -> None:
    throttled = replace(nothing, throttled=True, charging_moved=True)
    reasons = [finding.reason for finding in judge_conditions([nothing, throttled])]
    assert reasons == [Reason.THROTTLED, Reason.CHARGING_CHANGED]
