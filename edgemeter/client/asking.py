"""Sending a call until it is answered or given up: the loop that both clients run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from edgemeter.client.errors import UnreachableError
from edgemeter.client.replies import problem_of, retry_after_s
from edgemeter.client.retrying import Failed, delay_s
from edgemeter.client.steps import Call, Pause, Send, Steps, consult

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer. `reached`: the server may have got the call."""

    reason: str
    reached: bool


Outcome: TypeAlias = Answer | Silence


def ask(call: Call[T]) -> Steps[T]:
    """Raises ProblemError, UnreachableError or UnexpectedReplyError."""
    context = yield from consult()
    give_up = context.clock() + context.timeout_s + call.longer_s
    failures = 0
    while True:
        left_s = max(give_up - context.clock(), 0.001)
        outcome: Outcome = yield Send(call, left_s)
        if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
            return call.read(outcome.content)
        failures += 1
        pause_s = delay_s(
            context.policy,
            _failed(outcome),
            failures=failures,
            repeatable=call.repeatable,
            left_s=give_up - context.clock(),
            random=context.random(),
        )
        if pause_s is None:
            raise _error(outcome)
        yield Pause(pause_s)


def _failed(outcome: Outcome) -> Failed:
    if isinstance(outcome, Silence):
        return Failed(None, outcome.reached)
    return Failed(outcome.status, True, retry_after_s(outcome.headers))


def _error(outcome: Outcome) -> Exception:
    if isinstance(outcome, Silence):
        return UnreachableError(f"the server does not answer: {outcome.reason}")
    return problem_of(outcome.status, outcome.headers, outcome.content)
