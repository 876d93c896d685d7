"""When a call is repeated: for all failures, all jitter."""

from hypothesis import assume, given
from hypothesis import strategies as st

from edgemeter.client.retrying import Failed, RetryPolicy, delay_s

POLICY = RetryPolicy()
STATUSES = st.sampled_from([400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504, 507])
ANSWERED = st.builds(Failed, STATUSES, st.just(True), st.none() | st.floats(0, 100))
SILENT = st.builds(Failed, st.none(), st.booleans())
FAILED = ANSWERED | SILENT
RANDOM = st.floats(0, 1, exclude_max=True)


@given(FAILED, st.integers(1, 20), st.booleans(), st.floats(0, 1000), RANDOM)
def test_a_delay_is_bounded_by_jitter_deadline_and_attempts(
    failed: Failed, failures: int, repeatable: bool, left_s: float, random: float
) -> None:
    delay = delay_s(POLICY, failed, failures=failures, repeatable=repeatable, left_s=left_s, random=random)
    if delay is None:
        return
    asked_s = failed.retry_after_s or 0.0
    assert asked_s <= delay <= asked_s + POLICY.highest_ceiling_s
    assert delay < left_s
    assert failures < POLICY.attempts
    assert failed.status in {None, 429, 502, 503, 504}


@given(FAILED, RANDOM)
def test_what_may_have_had_its_effect_is_not_sent_twice(failed: Failed, random: float) -> None:
    assume(failed.reached and failed.status != 429)
    assert delay_s(POLICY, failed, failures=1, repeatable=False, left_s=1e9, random=random) is None


@given(RANDOM, st.booleans())
def test_what_never_arrived_is_sent_again(random: float, repeatable: bool) -> None:
    failed = Failed(None, reached=False)
    assert delay_s(POLICY, failed, failures=1, repeatable=repeatable, left_s=1e9, random=random) is not None


@given(st.integers(1, 3))
def test_the_ceiling_doubles(failures: int) -> None:
    def delay(number: int) -> float | None:
        return delay_s(
            POLICY, Failed(503, reached=True), failures=number, repeatable=True, left_s=1e9, random=0.5
        )

    now, then = delay(failures), delay(failures + 1)
    assert now is not None
    assert then == 2 * now
