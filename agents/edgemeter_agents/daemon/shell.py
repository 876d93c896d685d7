"""The shell around the machine: hands it events and the time, and carries out what it says."""

import asyncio
import random
import signal
from collections.abc import Coroutine, Sequence
from typing import Any

from edgemeter.wire.agents import Lease
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.calling import Calling
from edgemeter_agents.daemon.clock import now_s
from edgemeter_agents.daemon.events import Call, Event, Trouble
from edgemeter_agents.daemon.instructions import End, Instruction
from edgemeter_agents.daemon.log import log, warn
from edgemeter_agents.daemon.machine import Machine, Terms
from edgemeter_agents.daemon.work import Work

#: While nothing else happens: the wall may have been asleep, and timers of the loop do not see that.
LOOK_AT_LEAST_EVERY_S = 5.0


class Shell:
    """Runs until the machine ends. What runs beside it is one task for each thing under way."""

    def __init__(self, terms: Terms, calling: Calling, backlog: int) -> None:
        self._machine = Machine(terms, random.SystemRandom(), backlog)
        self._calling = calling
        self._events: asyncio.Queue[Event | BaseException] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Event]] = set()
        self._keeping: set[asyncio.Task[Event]] = set()
        self._claim: asyncio.Task[Event] | None = None

    def tell(self, event: Event | BaseException) -> None:
        """An exception is a defect: `run` raises it."""
        self._events.put_nowait(event)

    def leave_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: self.tell(events.Leave()))

    async def run(self, work: Work) -> End:
        try:
            return await self._run(work)
        finally:
            await self._clear_up(work)

    async def _run(self, work: Work) -> End:
        event: Event = events.Tick()
        while True:
            for instruction in self._machine.handle(now_s(), event):
                if isinstance(instruction, End):
                    return instruction
                self._carry_out(instruction, work)
            event = await self._next()

    async def _next(self) -> Event:
        now = now_s()
        wake_s = self._machine.wake_s(now)
        patience_s = LOOK_AT_LEAST_EVERY_S if wake_s is None else min(wake_s - now, LOOK_AT_LEAST_EVERY_S)
        try:
            event = await asyncio.wait_for(self._events.get(), patience_s)
        except TimeoutError:
            return events.Tick()
        if isinstance(event, BaseException):
            raise event
        return event

    def _carry_out(self, instruction: Instruction, work: Work) -> None:
        match instruction:
            case instructions.OpenSession():
                self._begin(self._calling.open(instruction))
            case instructions.Claim():
                self._claim = self._begin(self._calling.claim(instruction))
            case instructions.AbortClaim():
                if self._claim is not None:
                    self._claim.cancel()
            case instructions.Renew():
                self._begin(self._calling.renew(instruction, work.doing))
            case instructions.Keep():
                self._keeping.add(self._begin(self._calling.keep(instruction)))
            case instructions.Deliver():
                self._begin(self._calling.deliver())
            case instructions.SetAside():
                self._begin(self._calling.set_aside(instruction))
            case instructions.CloseSession():
                self._begin(self._calling.close(instruction))
            case instructions.Prepare(leases=leases):
                _log_leases(leases)
                work.prepare(leases)
            case instructions.Measure(leases=leases):
                work.measure(leases)
            case instructions.StopWork():
                work.stop()
            case instructions.LeaseEnded(attempt_id=attempt_id, ending=ending, why=why):
                work.forget(attempt_id)
                log("lease ended", attempt_id=attempt_id, ending=ending, why=why)
            case instructions.Note(text=text):
                warn("note", text=text)

    def _begin(self, call: Coroutine[Any, Any, Event]) -> asyncio.Task[Event]:
        task = asyncio.create_task(call)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Event]) -> None:
        self._tasks.discard(task)
        self._keeping.discard(task)
        if task.cancelled():  # only claims are, by the machine's wish, and all of them at the end
            self.tell(events.CallFailed(Call.CLAIM, Trouble.AGAIN, "not waited for any longer"))
        else:
            self.tell(task.exception() or task.result())

    async def _clear_up(self, work: Work) -> None:
        """What is measured ends, what is being written to disk is written, all else is broken off."""
        await work.close()
        for task in self._tasks - self._keeping:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._calling.close_outbox()


def _log_leases(leases: Sequence[Lease]) -> None:
    attempts = {lease.attempt_id: lease.job_id for lease in leases}
    log("leased", target=leases[0].target, jobs_by_attempt=attempts)
