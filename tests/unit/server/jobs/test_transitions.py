"""The states of jobs and attempts: every transition there is, and every one that there is not."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edgemeter.wire.requests import JobState
from edgemeter_server.jobs.transitions import (
    ATTEMPT,
    JOB,
    OPEN,
    AttemptEvent,
    AttemptState,
    JobEvent,
    OnReport,
    Standing,
    TransitionError,
    attempt_after,
    job_after,
    on_renewal,
    on_report,
)

standings = st.builds(
    Standing,
    st.sampled_from(AttemptState),
    st.sampled_from(JobState),
    st.integers(1, 3),
    st.integers(1, 3),
    st.booleans(),
)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(JobState, JobEvent)))
def test_jobs(state, event):
    if (state, event) in JOB:
        assert job_after(state, event) is JOB[state, event]
    else:
        with pytest.raises(TransitionError):
            job_after(state, event)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(AttemptState, AttemptEvent)))
def test_attempts(state, event):
    if (state, event) in ATTEMPT:
        assert attempt_after(state, event) is ATTEMPT[state, event]
    else:
        with pytest.raises(TransitionError):
            attempt_after(state, event)


@pytest.mark.parametrize("state", sorted(set(JobState) - OPEN))
def test_what_is_closed_stays_so(state):
    assert not [event for event in JobEvent if (state, event) in JOB]


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_open_can_end_in_each_way(state):
    ends = {JOB[state, event] for event in JobEvent if (state, event) in JOB}
    assert {JobState.DONE, JobState.FAILED, JobState.CANCELLED} <= ends


def test_nothing_becomes_live_again():
    assert AttemptState.LIVE not in ATTEMPT.values()
    assert {state for state, _ in ATTEMPT} == {AttemptState.LIVE, AttemptState.EXPIRED, AttemptState.RELEASED}


@given(standings)
def test_a_report_counts_once_and_only_for_the_newest_attempt_of_an_open_job(standing):
    verdict = on_report(standing)
    told = standing.attempt in (AttemptState.REPORTED, AttemptState.SUPERSEDED)
    assert (verdict is OnReport.REPEATED) is told
    if verdict is OnReport.COUNTS:
        assert standing.job in OPEN
        assert standing.number == standing.newest
        assert (standing.attempt, AttemptEvent.REPORTED) in ATTEMPT
        assert (standing.job, JobEvent.MEASURED) in JOB
        assert (standing.job, JobEvent.FAILED) in JOB
    if verdict is OnReport.OVERTAKEN:
        assert (standing.attempt, AttemptEvent.OVERTAKEN) in ATTEMPT


@given(standings)
def test_only_a_live_lease_in_time_is_renewed(standing):
    verdict = on_renewal(standing)
    held = standing.attempt is AttemptState.LIVE and not standing.over and standing.job is JobState.RUNNING
    assert (verdict == "renewed") is held
    if verdict == "cancelled":
        assert standing.job is JobState.CANCELLED


class Lives(RuleBasedStateMachine):
    """A job and its attempts, driven by events in any order, as agents, users and time would."""

    def __init__(self):
        super().__init__()
        self.job = JobState.PENDING
        self.attempts = []
        self.counted = 0

    def _standing(self, index):
        return Standing(self.attempts[index], self.job, index + 1, len(self.attempts), over=False)

    def _end(self, event, retry):
        live = self.attempts.index(AttemptState.LIVE)
        self.attempts[live] = attempt_after(AttemptState.LIVE, event)
        if self.job in OPEN:
            self.job = job_after(self.job, JobEvent.RETRIED if retry else JobEvent.FAILED)

    @precondition(lambda self: self.job is JobState.PENDING)
    @rule()
    def claim(self):
        self.job = job_after(self.job, JobEvent.CLAIMED)
        self.attempts.append(AttemptState.LIVE)

    @precondition(lambda self: AttemptState.LIVE in self.attempts)
    @rule(event=st.sampled_from([AttemptEvent.EXPIRED, AttemptEvent.RELEASED]), retry=st.booleans())
    def end(self, event, retry):
        self._end(event, retry)

    @precondition(lambda self: self.job in OPEN)
    @rule()
    def cancel(self):
        self.job = job_after(self.job, JobEvent.CANCELLED)

    @precondition(lambda self: self.attempts)
    @rule(data=st.data(), outcome=st.sampled_from([JobEvent.MEASURED, JobEvent.RETRIED, JobEvent.FAILED]))
    def report(self, data, outcome):
        index = data.draw(st.integers(0, len(self.attempts) - 1))
        verdict = on_report(self._standing(index))
        if verdict is OnReport.COUNTS:
            self.attempts[index] = attempt_after(self.attempts[index], AttemptEvent.REPORTED)
            self.job = job_after(self.job, outcome)
            self.counted += outcome is JobEvent.MEASURED
        elif verdict is OnReport.OVERTAKEN:
            self.attempts[index] = attempt_after(self.attempts[index], AttemptEvent.OVERTAKEN)

    @rule()
    def renew(self):
        told = {on_renewal(self._standing(index)) for index in range(len(self.attempts))}
        assert ("renewed" in told) is (self.job is JobState.RUNNING)

    @invariant()
    def at_most_one_attempt_is_live_and_then_the_newest(self):
        live = [n for n, state in enumerate(self.attempts) if state is AttemptState.LIVE]
        assert live in ([], [len(self.attempts) - 1])

    @invariant()
    def a_job_runs_exactly_while_an_attempt_is_live(self):
        if self.job in OPEN:
            assert (self.job is JobState.RUNNING) is (AttemptState.LIVE in self.attempts)

    @invariant()
    def a_job_is_measured_once(self):
        assert self.counted == (self.job is JobState.DONE)


TestLives = Lives.TestCase
