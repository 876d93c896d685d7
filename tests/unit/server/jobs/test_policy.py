"""The retry policy: every kind of failure, every number of tries, one device and two."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.failures import FailureKind
from edgemeter_server.jobs.policy import (
    LONGEST_DELAY_S,
    RULES,
    Blame,
    Charge,
    Decision,
    Failed,
    Past,
    decide,
    struck,
)

NOW_US = 1_790_000_000_000_000
KINDS = list(FailureKind)
DOCS = Path(__file__).parents[4] / "docs" / "leases.md"

pasts = st.builds(
    Past,
    st.sampled_from(KINDS),
    st.integers(1, 3),
    st.sampled_from([Charge.JOB, Charge.DEVICE, Charge.NOBODY]),
)
histories = st.lists(pasts, max_size=12)
failures = st.builds(Failed, st.sampled_from(KINDS), st.integers(1, 3), st.booleans())


def replay(kind, count, devices=(1,), *, started=True):
    """The decisions on a job that fails `count` times in the same way, on `devices` in turn."""
    history, decisions = [], []
    for device_id in itertools.islice(itertools.cycle(devices), count):
        decision = decide(history, Failed(kind, device_id, started), NOW_US)
        decisions.append(decision)
        history.append(Past(kind, device_id, decision.charged))
    return decisions


def test_every_kind_has_a_rule():
    assert set(RULES) == set(FailureKind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", range(1, 13))
def test_on_one_device_a_job_is_tried_as_often_as_its_rule_says(kind, count):
    decisions = replay(kind, count)
    tries = RULES[kind].tries
    assert [decision.retry for decision in decisions] == [
        tries is None or n < tries for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_on_two_devices_in_turn_what_may_be_either_was_the_job(kind):
    decisions = replay(kind, 12, devices=(1, 2))
    rule = RULES[kind]
    last = min(2, rule.tries or 12) if rule.blame is Blame.EITHER else rule.tries
    assert [n for n, decision in enumerate(decisions, 1) if not decision.retry][:1] == (
        [] if last is None else [last]
    )


@pytest.mark.parametrize(("first", "second"), list(itertools.product(KINDS, KINDS)))
def test_a_second_device_that_fails_otherwise_is_evidence_where_both_may_be_either(first, second):
    before = decide([], Failed(first, 1, True), NOW_US)
    after = decide([Past(first, 1, before.charged)], Failed(second, 2, True), NOW_US)
    both = RULES[first].blame is Blame.EITHER and RULES[second].blame is Blame.EITHER
    if both:
        assert not after.retry


@pytest.mark.parametrize("kind", KINDS)
def test_who_pays(kind):
    charged = decide([], Failed(kind, 1, True), NOW_US).charged
    expected = {
        Blame.JOB: Charge.JOB,
        Blame.EITHER: Charge.JOB,
        Blame.DEVICE: Charge.DEVICE,
        Blame.NOBODY: Charge.NOBODY,
    }
    assert charged is expected[RULES[kind].blame]


@given(histories, failures)
def test_what_never_started_costs_nobody_and_ends_only_what_no_attempt_can_mend(history, failed):
    failed = Failed(failed.kind, failed.device_id, started=False)
    decision = decide(history, failed, NOW_US)
    assert decision.charged is Charge.NOBODY
    assert decision.retry is (RULES[failed.kind].tries != 1)


@given(histories, failures)
def test_the_delay_is_bounded_and_the_same_each_time(history, failed):
    decision = decide(history, failed, NOW_US)
    assert decision == decide(list(reversed(history)), failed, NOW_US)
    assert 0 <= decision.not_before_us - NOW_US <= LONGEST_DELAY_S * 1e6
    assert decision.retry or decision.not_before_us == NOW_US


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if rule.tries != 1])
def test_each_delay_is_twice_the_one_before_up_to_the_longest(kind):
    delays = [d.not_before_us - NOW_US for d in replay(kind, 12, started=False)]
    first = RULES[kind].delay_s
    assert delays == [round(min(LONGEST_DELAY_S, first * 2**n) * 1e6) for n in range(12)]


@given(histories, failures)
def test_another_failure_never_makes_a_job_hopeful_again(history, failed):
    more = [*history, Past(failed.kind, failed.device_id, Charge.JOB)]
    if decide(more, failed, NOW_US).retry:
        assert decide(history, failed, NOW_US).retry


@given(histories, st.integers(1, 3))
def test_only_other_devices_that_may_have_been_at_fault_are_struck(history, device_id):
    attempts = dict(enumerate(history, 100))
    expected = {
        id_
        for id_, past in attempts.items()
        if past.device_id != device_id
        and past.charged is Charge.JOB
        and RULES[past.kind].blame is Blame.EITHER
    }
    assert struck(attempts, device_id) == expected


def test_a_decision_is_a_value():
    assert Decision(True, 1, Charge.JOB) == Decision(True, 1, Charge.JOB)


def table():
    """The rules as docs/leases.md shows them."""
    lines = ["| failure | whose fault | tries | first delay |", "|---|---|---|---|"]
    for kind, rule in RULES.items():
        tries = "no limit" if rule.tries is None else str(rule.tries)
        delay = "-" if rule.tries == 1 else f"{rule.delay_s:g} s"
        lines.append(f"| `{kind}` | {rule.blame} | {tries} | {delay} |")
    return "\n".join(lines)


def test_the_documentation_shows_this_table():
    assert table() in DOCS.read_text(encoding="utf-8")
    assert f"at most {LONGEST_DELAY_S:g} s" in DOCS.read_text(encoding="utf-8")
