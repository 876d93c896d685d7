"""Scheduling priority of a measuring process (measurement rule 5)."""

import os
from typing import Literal

from edgemeter_agents.conditions.permissions import Permissions

Priority = Literal["fifo", "nice", "normal"]

#: The kernel lets real-time threads run for 0.95 s of each second and then stalls them for the rest; a
#: burst of one inference and its equal sleep must stay clear of that.
LONGEST_FIFO_INFERENCE_S = 0.4

_LOWEST_FIFO = 1


def choose_priority(permissions: Permissions, core_left: bool, inference_s: float) -> Priority:
    """SCHED_FIFO only for short inferences that leave a processor for the agent, else nice, else normal."""
    if permissions.fifo.permitted and core_left and inference_s < LONGEST_FIFO_INFERENCE_S:
        return "fifo"
    return "nice" if permissions.nice.permitted else "normal"


class FifoSwitch:
    """Puts the calling thread under SCHED_FIFO for one burst, and back.

    Only that thread, so only for targets of one thread: a confined process may schedule itself and no
    other thread (`edgemeter.isolation`). Threads that it starts meanwhile do not inherit the priority.
    """

    def __init__(self) -> None:
        self._policy = os.sched_getscheduler(0)
        self._parameters = os.sched_getparam(0)

    def enter(self) -> None:
        """Raises PermissionError where it is refused."""
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_LOWEST_FIFO))

    def leave(self) -> None:
        """Back to the policy that the thread had when this was made."""
        os.sched_setscheduler(0, self._policy | os.SCHED_RESET_ON_FORK, self._parameters)


def permitted_fifo() -> FifoSwitch | None:
    """A switch that has been tried, None where this process may not use SCHED_FIFO."""
    switch = FifoSwitch()
    try:
        switch.enter()
    except PermissionError:
        return None
    switch.leave()
    return switch
