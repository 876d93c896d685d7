"""What the measuring core asks of real-time priority (rule 5); the shell implements it."""

from typing import Protocol


class RealtimeSwitch(Protocol):
    """Moves the threads that run inferences into SCHED_FIFO and back. Both calls cost microseconds."""

    def enter(self) -> None:
        """From now on the inferring threads run under real-time priority."""
        ...

    def leave(self) -> None:
        """Back to the priority that held before `enter`."""
        ...
