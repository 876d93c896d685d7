"""When a call that failed is sent again, and after how long: a pure function."""

from dataclasses import dataclass
from typing import Final

#: Refused before anything was done: safe to repeat, whatever the call.
_NOT_BEGUN: Final = frozenset({429})
_MAY_PASS: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Full jitter: each delay is random below a ceiling that doubles, so that clients do not come back
    all together.
    """

    attempts: int = 5
    first_ceiling_s: float = 0.25
    highest_ceiling_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Failed:
    """`status` is None where no answer came; `reached`: the call may have had its effect."""

    status: int | None
    reached: bool
    retry_after_s: float | None = None


def delay_s(
    policy: RetryPolicy, failed: Failed, *, failures: int, repeatable: bool, left_s: float, random: float
) -> float | None:
    """How long to wait before the next attempt, after `failures` of them; None: give up.

    `random` is in [0, 1). What the server asks for in Retry-After is waited for at least.
    """
    if failures >= policy.attempts or not _may_repeat(failed, repeatable):
        return None
    ceiling_s = min(policy.highest_ceiling_s, policy.first_ceiling_s * 2.0 ** (failures - 1))
    wait_s = (failed.retry_after_s or 0.0) + random * ceiling_s
    return wait_s if wait_s < left_s else None


def _may_repeat(failed: Failed, repeatable: bool) -> bool:
    if failed.status is None:
        return repeatable or not failed.reached
    return failed.status in (_MAY_PASS if repeatable else _NOT_BEGUN)
