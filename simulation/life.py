"""One process of an agent, from its start to its end: the shell around the real state machine."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire import agents as wire
from edgemeter.wire.base import Message, Reply
from edgemeter.wire.problems import Problem, ProblemError
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.events import Call, CallFailed, Event
from edgemeter_agents.daemon.machine import Machine
from edgemeter_agents.daemon.transport import TransportError
from edgemeter_agents.daemon.troubles import call_failed
from simulation.measuring import measured

if TYPE_CHECKING:
    from simulation.agent import SimulatedAgent

_PATHS = {
    Call.OPEN: "/v1/agent/sessions",
    Call.CLAIM: "/v1/agent/claims",
    Call.RENEW: "/v1/agent/renewals",
    Call.REPORT: "/v1/agent/reports",
    Call.CLOSE: "/v1/agent/sessions/close",
}
_NEWEST = "/v1/agent/sessions/newest"
_REPLIES: dict[Call, type[Reply]] = {
    Call.OPEN: wire.SessionOpened,
    Call.CLAIM: wire.Claimed,
    Call.RENEW: wire.Renewed,
    Call.REPORT: wire.Reported,
}
#: As the real agent waits for answers.
_TIMEOUTS_S = {Call.OPEN: 30.0, Call.CLAIM: 75.0, Call.RENEW: 10.0, Call.REPORT: 30.0, Call.CLOSE: 2.0}
_FAILURES = (FailureKind.CONTENDED, FailureKind.RUNTIME_ERROR, FailureKind.DEVICE_UNREADY)


class Life:
    """`live` returns when the machine has ended; whoever cancels it, kills."""

    def __init__(self, agent: "SimulatedAgent", machine: Machine) -> None:
        self._agent = agent
        self._machine = machine
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._claim: asyncio.Task[None] | None = None
        self._work: asyncio.Task[None] | None = None

    def tell(self, event: Event) -> None:
        self._events.put_nowait(event)

    async def live(self) -> None:
        try:
            await self._turn()
        finally:
            self._die()

    def _die(self) -> None:
        for task in list(self._tasks):
            task.cancel()

    async def _turn(self) -> None:
        event: Event = events.Tick()
        while True:
            self._agent.record.events += 1
            for instruction in self._machine.handle(self._agent.now_s(), event):
                self._carry_out(instruction)
            if self._machine.ended:
                return
            event = events.Tick()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s()):
                    event = await self._events.get()

    def _patience_s(self) -> float | None:
        now_s = self._agent.now_s()
        wake_s = self._machine.wake_s(now_s)
        # Sums of two clocks are rounded: what is due in no time at all would be due for ever.
        return None if wake_s is None else max(wake_s - now_s, 0.001)

    def _carry_out(self, instruction: instructions.Instruction) -> None:
        match instruction:
            case instructions.OpenSession(opening_id):
                self._start(self._open(opening_id))
            case instructions.Claim(session_id, claim_id, up_to, wait_s):
                message = wire.Claim(session_id=session_id, claim_id=claim_id, up_to=up_to, wait_s=wait_s)
                self._claim = self._call(Call.CLAIM, message)
            case instructions.AbortClaim() if self._claim is not None:
                self._claim.cancel()
                self.tell(CallFailed(Call.CLAIM, events.Trouble.AGAIN, "not waited for any longer"))
            case instructions.Renew(session_id, leases):
                self._call(Call.RENEW, wire.Renew(session_id=session_id, leases=leases))
            case instructions.Prepare():
                self._work = self._start(self._prepare())
            case instructions.Measure(leases):
                self._work = self._start(self._measure(leases))
            case instructions.StopWork():
                self._stop_work()
            case instructions.Keep():
                self._keep(instruction)
            case instructions.Deliver():
                self._start(self._deliver())
            case instructions.SetAside():
                self._agent.record.refused(self._agent.outbox.popleft())
                self.tell(events.Delivered(len(self._agent.outbox), ()))
            case instructions.CloseSession(session_id):
                self._call(Call.CLOSE, wire.CloseSession(session_id=session_id))

    # Calls

    def _call(self, call: Call, message: Message) -> asyncio.Task[None]:
        return self._start(self._say(call, message))

    async def _say(self, call: Call, message: Message) -> None:
        sent_s = self._agent.now_s()
        outcome = await self._ask(call, message)
        match outcome:
            case CallFailed():
                self.tell(outcome)
            case wire.SessionOpened() | wire.Claimed() | wire.Renewed() | None:
                self.tell(events.Answered(outcome, call, sent_s))

    async def _open(self, opening_id: UUID) -> None:
        newest = await self._exchange(Call.OPEN, "GET", _NEWEST)
        if isinstance(newest, CallFailed):
            self.tell(newest)
            return
        follows = wire.NewestSession.model_validate_json(newest).session_id
        own = {"opening_id": opening_id, "follows": follows}
        await self._say(Call.OPEN, self._agent.opening.model_copy(update=own))

    async def _deliver(self) -> None:
        batch = self._agent.outbox[0]
        if self._strikes("report held up", self._agent.chaos.odds.report_held_up):
            await asyncio.sleep(self._agent.draw.uniform(60.0, 180.0))
        outcome = await self._ask(Call.REPORT, batch)
        if isinstance(outcome, wire.Reported):
            self._agent.record.delivered(batch, outcome)
            self._agent.outbox.popleft()
            self.tell(events.Delivered(len(self._agent.outbox), outcome.receipts))
        elif isinstance(outcome, CallFailed):
            self.tell(outcome)

    async def _ask(self, call: Call, message: Message) -> Reply | CallFailed | None:
        answer = await self._exchange(call, "POST", _PATHS[call], message.model_dump_json().encode())
        if isinstance(answer, CallFailed):
            return answer
        return _REPLIES[call].model_validate_json(answer) if call in _REPLIES else None

    async def _exchange(self, call: Call, method: str, path: str, content: bytes = b"") -> bytes | CallFailed:
        headers = {"Content-Type": "application/json"}
        try:
            async with asyncio.timeout(_TIMEOUTS_S[call]):
                response = await self._agent.client.request(method, path, content=content, headers=headers)
        except (httpx.TransportError, TimeoutError) as error:
            return call_failed(call, TransportError(str(error)))
        if not response.is_success:
            return call_failed(call, ProblemError(Problem.model_validate_json(response.content)))
        return response.content

    # Work

    async def _prepare(self) -> None:
        slow = self._strikes("slow download", self._agent.chaos.odds.slow_download)
        await asyncio.sleep(self._agent.draw.uniform(30.0, 100.0) if slow else self._agent.draw.uniform(0, 2))
        self.tell(events.Prepared())

    async def _measure(self, leases: tuple[wire.Lease, ...]) -> None:
        loop, agent = asyncio.get_running_loop(), self._agent
        for lease in leases:
            with agent.record.measuring(agent.device, lease, loop.time):
                await asyncio.sleep(agent.draw.uniform(1.0, 9.0))
            self.tell(events.Results(0, {}, (events.Outcome(lease.attempt_id, self._outcome(lease)),)))
        self.tell(events.WorkEnded())

    def _outcome(self, lease: wire.Lease) -> wire.Measured | wire.NotMeasured:
        """A measurement, or now and then a failure of some kind."""
        draw = self._agent.draw
        if not self._strikes("measuring failed", self._agent.chaos.odds.measuring_fails):
            return wire.Measured(measurement=measured(lease, draw))
        document = FailureDocument(kind=draw.choice(_FAILURES), message="as the seed wants it")
        return wire.NotMeasured(failure=document, started=draw.random() < 0.8)

    def _stop_work(self) -> None:
        """One that has told of its end already is not told of twice."""
        if self._work is not None and not self._work.done():
            self._work.cancel()
            self.tell(events.WorkEnded())

    def _keep(self, keep: instructions.Keep) -> None:
        batch = wire.ReportBatch(
            agent_version="simulated", seed=keep.seed, provenance=keep.provenance, reports=keep.reports
        )
        self._agent.record.keeps(batch)
        self._agent.outbox.append(batch)
        self.tell(events.Kept(len(self._agent.outbox), durable=True))

    def _strikes(self, what: str, share: float) -> bool:
        return self._agent.chaos.strikes(what, share, asyncio.get_running_loop().time())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled():
            task.result()  # a defect of the simulation is told by the loop
