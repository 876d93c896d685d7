"""How a child ended."""

from dataclasses import dataclass
from enum import StrEnum

from edgemeter.failures import Failure, FailureKind
from edgemeter.isolation.limits import MIB


class Ending(StrEnum):
    EXITED = "exited"  #: on its own, see `exit_code`
    KILLED = "killed"  #: by a signal that is not ours, see `signal`: a crash
    WALL_TIME = "wall_time"
    CPU_TIME = "cpu_time"
    MEMORY = "memory"
    PROCESSES = "processes"  #: more processes or threads than allowed
    CANCELLED = "cancelled"  #: by the parent, or because the parent died
    GARBLED = "garbled"  #: sent what is no message, too much, or closed its channel early
    LOST = "lost"  #: its supervisor vanished


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one child. Nothing that it started is left when this is known.

    `raised` is what the task raised, as the child told it. `peak_memory_bytes` is the
    highest resident memory; it starts at what the nursery had preloaded.
    """

    ending: Ending
    exit_code: int | None = None
    signal: str | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    raised: Failure | None = None

    def failure(self, subject: str = "the child process") -> Failure | None:
        """The failure to report, None when the task returned normally."""
        if self.ending is Ending.EXITED and self.raised is not None:
            return self.raised
        if self.ending is Ending.EXITED and self.exit_code == 0:
            return None
        kind, text = self._words()
        return Failure(kind, f"{subject} {text}")

    def _words(self) -> tuple[FailureKind, str]:
        match self.ending:
            case Ending.EXITED:
                return FailureKind.RUNTIME_ERROR, f"ended early with exit code {self.exit_code}"
            case Ending.KILLED if self.signal == "SIGKILL":
                return FailureKind.RUNTIME_ERROR, "was killed (SIGKILL: often the system is out of memory)"
            case Ending.KILLED:
                return FailureKind.RUNTIME_ERROR, f"crashed (signal {self.signal})"
            case Ending.WALL_TIME:
                return FailureKind.TIMEOUT, f"was stopped after {self.wall_s:.1f} s"
            case Ending.CPU_TIME:
                return FailureKind.TIMEOUT, f"was stopped after {self.cpu_s:.1f} s of processor time"
            case Ending.MEMORY:
                text = f"was stopped at {self.peak_memory_bytes / MIB:.0f} MiB of memory"
                return FailureKind.OUT_OF_MEMORY, text
            case Ending.PROCESSES:
                return FailureKind.RUNTIME_ERROR, "was stopped: too many processes or threads"
            case Ending.CANCELLED:
                return FailureKind.CANCELLED, "was cancelled"
            case Ending.GARBLED:
                return FailureKind.RUNTIME_ERROR, "broke off or garbled its report"
            case Ending.LOST:
                return FailureKind.INTERNAL, "lost its supervisor"
