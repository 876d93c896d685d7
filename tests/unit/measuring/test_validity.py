from pathlib import Path

import pytest

from edgemeter.measurement import LASTING_REASONS
from edgemeter_agents.measuring.validity import ADVICE, Finding, Reason, is_valid

GUIDE = Path(__file__).parents[3] / "docs" / "measuring.md"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_for_people(reason):
    advice = ADVICE[reason]
    assert advice.sentence.endswith(".")
    assert advice.remedy.endswith(".")
    assert reason.invalidates is advice.invalidates


@pytest.mark.parametrize("reason", Reason)
def test_the_guide_explains_every_reason_under_the_right_heading(reason):
    invalid, flags = GUIDE.read_text().split("\n### ")[-2:]
    assert f"| `{reason}` |" in (invalid if reason.invalidates else flags)


def test_flags_do_not_invalidate():
    assert is_valid([])
    assert is_valid([Finding(Reason.UNCONVERGED), Finding(Reason.CPU_TIME), Finding(Reason.UNSTABLE_VISITS)])
    assert not is_valid([Finding(Reason.UNCONVERGED), Finding(Reason.THROTTLED)])


def test_a_finding_reads_as_a_sentence_with_its_numbers_and_a_remedy():
    assert str(Finding(Reason.ANCHOR_DRIFT, "+14%")) == (
        "Both anchor networks were more than 10 % off the device's reference (+14%)."
        " Check clocks, power mode and cooling; three such batches in a row make a new reference."
    )
    assert str(Finding(Reason.FOREIGN_LOAD)).startswith("Other programs were busy when the measurement began")


def test_reasons_that_last_are_of_the_vocabulary_and_invalidate():
    # "other_bytes" is the server's own.
    assert {name for name in LASTING_REASONS if name != "other_bytes"} <= {
        reason.value for reason in Reason if reason.invalidates
    }
