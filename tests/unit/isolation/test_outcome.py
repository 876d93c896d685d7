import pytest

from edgemeter.failures import Failure, FailureKind
from edgemeter.isolation.limits import MIB
from edgemeter.isolation.outcome import Ending, Outcome


@pytest.mark.parametrize(
    ("outcome", "kind", "words"),
    [
        (
            Outcome(Ending.EXITED, exit_code=4),
            FailureKind.RUNTIME_ERROR,
            "the reader ended early with exit code 4",
        ),
        (
            Outcome(Ending.KILLED, signal="SIGSEGV"),
            FailureKind.RUNTIME_ERROR,
            "the reader crashed (signal SIGSEGV)",
        ),
        (
            Outcome(Ending.KILLED, signal="SIGKILL"),
            FailureKind.RUNTIME_ERROR,
            "the reader was killed (SIGKILL: often the system is out of memory)",
        ),
        (Outcome(Ending.WALL_TIME, wall_s=2.04), FailureKind.TIMEOUT, "the reader was stopped after 2.0 s"),
        (
            Outcome(Ending.CPU_TIME, cpu_s=3.0),
            FailureKind.TIMEOUT,
            "the reader was stopped after 3.0 s of processor time",
        ),
        (
            Outcome(Ending.MEMORY, peak_memory_bytes=300 * MIB),
            FailureKind.OUT_OF_MEMORY,
            "the reader was stopped at 300 MiB of memory",
        ),
        (
            Outcome(Ending.PROCESSES),
            FailureKind.RUNTIME_ERROR,
            "the reader was stopped: too many processes or threads",
        ),
        (Outcome(Ending.CANCELLED), FailureKind.CANCELLED, "the reader was cancelled"),
        (Outcome(Ending.GARBLED), FailureKind.RUNTIME_ERROR, "the reader broke off or garbled its report"),
        (Outcome(Ending.LOST), FailureKind.INTERNAL, "the reader lost its supervisor"),
    ],
)
def test_every_ending_has_a_kind_and_words(outcome: Outcome, kind: FailureKind, words: str) -> None:
    assert outcome.failure("the reader") == Failure(kind, words)


def test_a_normal_end_is_no_failure() -> None:
    assert Outcome(Ending.EXITED, exit_code=0).failure() is None


def test_what_the_task_raised_is_the_failure_of_an_exit() -> None:
    raised = Failure(FailureKind.MALFORMED, "broken")
    assert Outcome(Ending.EXITED, exit_code=1, raised=raised).failure() is raised


def test_a_limit_outweighs_what_the_task_raised_before() -> None:
    outcome = Outcome(Ending.WALL_TIME, raised=Failure(FailureKind.MALFORMED, "broken"))
    failure = outcome.failure()
    assert failure is not None
    assert failure.kind is FailureKind.TIMEOUT
