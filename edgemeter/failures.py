"""Why a measurement was not made. One vocabulary for agent, server and client.

A failure is a value that is stored and shown, not an exception that escapes:
the same kinds travel in reports, decide retries and are counted on the web.
"""

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    MALFORMED = "malformed"  #: the file is broken, hostile, or not what its name says
    UNSUPPORTED_OP = "unsupported_op"  #: the runtime has no kernel for an operator
    OUT_OF_MEMORY = "out_of_memory"
    RUNTIME_ERROR = "runtime_error"  #: the runtime raised, aborted or crashed
    TIMEOUT = "timeout"
    DEVICE_UNREADY = "device_unready"  #: too hot, unplugged, or another process owns it
    CONTENDED = "contended"  #: other load disturbed every visit
    LEASE_EXPIRED = "lease_expired"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"  #: the caller's time ran out before the work began
    AGENT_SHUTDOWN = "agent_shutdown"
    INTERNAL = "internal"  #: a defect of EdgeMeter itself


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as reported. `message` is for people and names no path of the machine."""

    kind: FailureKind
    message: str
    operator_name: str | None = None
    operator_type: str | None = None


class EdgeMeterError(Exception):
    """Base of every exception that EdgeMeter raises on purpose.

    EdgeMeterError
      FailureError       carries a `Failure`; ends one job, not the program
    """


class FailureError(EdgeMeterError):
    """Raised where a `Failure` cannot be returned; caught at the border of a job."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure

    @classmethod
    def of(cls, kind: FailureKind, message: str) -> "FailureError":
        return cls(Failure(kind, message))
