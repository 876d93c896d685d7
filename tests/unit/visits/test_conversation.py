"""What the parent makes of a child's words, however wrong they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edgemeter.failures import Failure, FailureKind
from edgemeter.isolation import Confinement, EndedError, Ending, Limits, Outcome
from edgemeter.protocols import SURVEY
from edgemeter_agents.runtimes.base import Settings
from edgemeter_agents.visits.messages import (
    Failed,
    Finished,
    Job,
    Noted,
    Prepared,
    Result,
    Started,
    VisitSpec,
)
from edgemeter_agents.visits.runner import JobLimits, VisitError, run_visit

NORMAL = Outcome(Ending.EXITED, exit_code=0)


class ScriptedChild:
    """Says what it was told to say, then ends as it was told to end."""

    achieved = None

    def __init__(self, words: list[Any], outcome: Outcome) -> None:
        self._words, self._outcome = words, outcome

    def receive(self, timeout_s: float) -> Any:
        assert timeout_s > 0
        if not self._words:
            raise EndedError("ended")
        word = self._words.pop(0)
        if word is TimeoutError:
            raise TimeoutError
        return word

    def wait(self) -> Outcome:
        return self._outcome

    def kill(self) -> Outcome:
        return self._outcome


class ScriptedNursery:
    """One child after the other, each with its words."""

    def __init__(self, *scripts: list[Any], outcome: Outcome = NORMAL) -> None:
        self._scripts, self._outcome = list(scripts), outcome

    @contextmanager
    def start(self, *_: Any) -> Iterator[ScriptedChild]:
        yield ScriptedChild(list(self._scripts.pop(0)), self._outcome)


def said(*messages: Any) -> list[Any]:
    return [asdict(message) for message in messages]


def visit(nursery: ScriptedNursery, tmp_path: Path, jobs: int = 1) -> tuple[Result, ...]:
    files = [tmp_path / f"{number}.onnx" for number in range(jobs)]
    for file in files:
        file.write_bytes(b"x")
    made = tuple(Job(str(number), str(file), {}) for number, file in enumerate(files))
    spec = VisitSpec("fake", Settings(), SURVEY, made, "normal", 0, "memory")
    return run_visit(nursery, spec, Confinement(), JobLimits(), lambda _: None).results  # type: ignore[arg-type]


GOOD = said(Started("0"), Prepared("0"), Noted("0", 1.0), Finished())


def test_an_honest_child(tmp_path: Path) -> None:
    assert visit(ScriptedNursery(GOOD), tmp_path) == (Noted("0", 1.0),)


@pytest.mark.parametrize(
    "words",
    [
        said(Started("0"), Noted("1", 1.0)),
        said(Started("0"), Finished()),
        [*said(Started("0")), {"type": "noted", "job": "0", "value": "a lot"}],
        [*said(Started("0")), "hello"],
        [*said(Started("0")), {"type": "confess"}],
        [*said(Started("0")), None],
        said(Started("0")),
    ],
)
def test_garbage_is_charged_to_the_job_that_had_begun(tmp_path: Path, words: list[Any]) -> None:
    (result,) = visit(ScriptedNursery(words), tmp_path)
    assert isinstance(result, Failed)
    assert result.failure.kind is FailureKind.RUNTIME_ERROR


@pytest.mark.parametrize(
    "words", [[], said(Finished()), said(Noted("0", 1.0)), said(Started("7")), ["hello"], [TimeoutError]]
)
def test_a_child_that_never_names_its_job_is_an_error_of_ours(tmp_path: Path, words: list[Any]) -> None:
    with pytest.raises(VisitError, match="did not start"):
        visit(ScriptedNursery(words), tmp_path)


def test_a_silent_job_times_out_and_the_next_child_goes_on(tmp_path: Path) -> None:
    silent = [*said(Started("0"), Prepared("0")), TimeoutError]
    rest = said(Started("1"), Noted("1", 2.0), Finished())
    first, second = visit(ScriptedNursery(silent, rest), tmp_path, jobs=2)
    assert isinstance(first, Failed)
    assert first.failure.kind is FailureKind.TIMEOUT
    assert second == Noted("1", 2.0)


def test_a_crash_is_told_by_its_signal(tmp_path: Path) -> None:
    crash = Outcome(Ending.KILLED, signal="SIGSEGV")
    (result,) = visit(ScriptedNursery(said(Started("0")), outcome=crash), tmp_path)
    assert isinstance(result, Failed)
    assert result.failure == Failure(
        FailureKind.RUNTIME_ERROR, "the network's process crashed (signal SIGSEGV)"
    )


def test_limits_of_the_child_cover_all_its_jobs(tmp_path: Path) -> None:
    asked: list[Limits] = []

    class Recording(ScriptedNursery):
        @contextmanager
        def start(self, *arguments: Any) -> Iterator[ScriptedChild]:
            asked.append(arguments[2])
            with super().start(*arguments) as child:
                yield child

    words = said(Started("0"), Noted("0", 1.0), Started("1"), Noted("1", 1.0), Finished())
    visit(Recording(words), tmp_path, jobs=2)
    defaults = JobLimits()
    assert asked[0].wall_s == 2 * (defaults.prepare_s + defaults.run_s)
    assert asked[0].memory_bytes == defaults.memory_bytes
