"""The agent as a pure state machine: events and the time go in, instructions come out.

It reads no clock and does no I/O, so tests and simulations drive it as the real shell does. It promises:

- one session, one batch of leases and one call of each kind at a time;
- nothing is measured without a live lease: what may have run out is forgotten, and where no lease
  of a batch is left, measuring stops;
- every lease ends once: kept (its report is in the outbox), given back, or forgotten;
- told to leave, it ends within `LEAVING_S`, whatever the server does.
"""

import random
from dataclasses import dataclass
from uuid import UUID

from edgemeter.failures import FailureKind
from edgemeter.wire.agents import Claimed, Renewed, SessionOpened
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.backoff import Backoff
from edgemeter_agents.daemon.batch import Batch, Work
from edgemeter_agents.daemon.calls import Calls
from edgemeter_agents.daemon.events import Call, Event, Trouble
from edgemeter_agents.daemon.instructions import Instruction
from edgemeter_agents.daemon.undelivered import Undelivered

#: After SIGTERM: how long a measurement may still come to its end, calls may begin, all may take.
FINISHING_S = 4.0
CALLING_S = 7.0
LEAVING_S = 9.0
#: Two renewals may fail before the lease runs out.
RENEWED_AT = 1 / 3


@dataclass(frozen=True, slots=True)
class Terms:
    """How the agent works: jobs of a claim, how long a claim waits, and whether an empty queue ends it."""

    up_to: int = 16
    wait_s: float = 20.0
    once: bool = False


class Machine:
    """`handle` every event; then wait for the next one, or until `wake_s`."""

    def __init__(self, terms: Terms, draw: random.Random, backlog: int = 0) -> None:
        """`draw` makes ids of calls and jitter; `backlog` counts reports of earlier sessions."""
        self._terms = terms
        self._draw = draw
        self._calls = Calls(draw)
        self._batch = Batch(self._do)
        self._undelivered = Undelivered(backlog)
        self._session: SessionOpened | None = None
        self._opening_id: UUID | None = None
        self._claim: instructions.Claim | None = None
        self._claim_sent_s = 0.0
        self._renewing: tuple[int, ...] = ()
        self._drained = False
        self._leaving_s: float | None = None
        self._close_tried = False
        self._failed: str | None = None
        self._out: list[Instruction] = []
        self._takeovers = Backoff(10.0, 300.0)
        self._unready = Backoff(5.0, 300.0)
        self._empty = Backoff(0.1, 5.0)
        self.ended = False

    def handle(self, now_s: float, event: Event) -> tuple[Instruction, ...]:
        """What to do now. Events after the end are ignored."""
        if self.ended:
            return ()
        self._out.clear()
        self._take_in(now_s, event)
        if not self.ended:
            self._watch(now_s)
            self._go_on(now_s)
        return tuple(self._out)

    def wake_s(self, now_s: float) -> float | None:
        """When a `Tick` is wanted, unless another event comes before; None: never."""
        times = [*self._calls.due_s.values(), *self._batch.times_s()]
        if self._batch.holding.by_id:
            times.append(self._renew_due_s())
        if self._leaving_s is not None:
            times += [self._leaving_s + limit_s for limit_s in (FINISHING_S, CALLING_S, LEAVING_S)]
        return min((time for time in times if time > now_s), default=None)

    # What an event changes

    def _take_in(self, now_s: float, event: Event) -> None:
        match event:
            case events.Answered():
                self._calls.succeeded(event.call)
                self._answered(now_s, event)
            case events.CallFailed():
                self._calls.failed(event.call, now_s, event.retry_after_s)
                self._call_failed(now_s, event)
            case events.Kept():
                self._undelivered.kept(event.backlog, durable=event.durable)
            case events.Delivered():
                self._calls.succeeded(Call.REPORT)
                self._undelivered.delivered(event.backlog)
                if any(receipt.state == "accepted" for receipt in event.receipts):
                    self._takeovers.reset()
            case events.Unprepared():
                unready = self._judge_readiness(now_s, event.failure.kind)
                self._batch.fail(event.attempt_id, event.failure, started=not unready)
            case events.Prepared():
                self._batch.prepared()
            case events.Results():
                self._judge_readiness(now_s, *event.failure_kinds())
                self._batch.results(event)
            case events.WorkEnded():
                self._batch.work_ended()
            case events.Leave():
                self._leave(now_s)
            case events.Tick():
                pass

    def _answered(self, now_s: float, answered: events.Answered) -> None:
        match answered.reply:
            case SessionOpened() as session:
                self._session, self._opening_id = session, None
            case Claimed() as claimed:
                self._claim = None
                self._claimed(now_s, claimed)
            case Renewed() as renewed:
                self._batch.renewed(renewed, answered.sent_s)
            case None:
                self._session = None  # closed, as asked

    def _claimed(self, now_s: float, claimed: Claimed) -> None:
        self._drained = not claimed.leases
        if claimed.leases:
            self._empty.reset()
            self._batch.take(claimed.leases, self._claim_sent_s, claimed.lease_s)
        elif now_s - self._claim_sent_s < min(1.0, self._terms.wait_s):
            # None, and early, for whatever reason: do not run in circles.
            self._calls.not_before(Call.CLAIM, now_s + self._empty.wait_s(self._draw))

    def _call_failed(self, now_s: float, failed: events.CallFailed) -> None:
        match failed.trouble, failed.call:
            case Trouble.FATAL, _:
                self._failed = failed.detail
            case Trouble.REFUSED, Call.REPORT:
                self._call(Call.REPORT, instructions.SetAside(failed.detail))
            case Trouble.LOST, Call.RENEW:
                self._batch.forget(self._renewing, "lost")
            case Trouble.SESSION, Call.OPEN:
                self._opening_id = None
                self._open_later(now_s, f"the session was not opened ({failed.detail})")
            case Trouble.SESSION, (Call.CLAIM | Call.RENEW | Call.CLOSE):
                self._session_over(now_s, failed.detail)

    def _session_over(self, now_s: float, detail: str) -> None:
        if self._session is None:
            return
        self._session = self._claim = None
        self._batch.forget_all("the session is over")
        self._open_later(now_s, f"the session is over ({detail})")

    def _open_later(self, now_s: float, why: str) -> None:
        # Another agent of this device may have taken over: two of them must not chase each other.
        wait_s = self._takeovers.wait_s(self._draw)
        self._calls.not_before(Call.OPEN, now_s + wait_s)
        self._do(instructions.Note(f"{why}; another is opened in {wait_s:.0f} s"))

    def _judge_readiness(self, now_s: float, *kinds: FailureKind | None) -> bool:
        """Whether it is the device that cannot: then it waits before it takes more."""
        unready = FailureKind.DEVICE_UNREADY in kinds
        if unready:
            self._calls.not_before(Call.CLAIM, now_s + self._unready.wait_s(self._draw))
        else:
            self._unready.reset()
        return unready

    def _leave(self, now_s: float) -> None:
        if self._leaving_s is not None:
            self._end("told twice to stop")
            return
        self._leaving_s = now_s
        if Call.CLAIM in self._calls.under_way:
            self._do(instructions.AbortClaim())

    # What time changes

    def _watch(self, now_s: float) -> None:
        if self._leaving_s is not None:
            measuring = self._batch.work is Work.MEASURING
            if not measuring or now_s >= self._leaving_s + FINISHING_S:
                self._batch.give_back()
        if self._failed is not None:
            self._batch.forget_all("the agent ends")
        self._batch.watch(now_s)

    # What to do next

    def _go_on(self, now_s: float) -> None:
        if self._failed is not None:
            if self._batch.idle:
                self._end(self._failed, failed=True)
            return
        if self._leaving_s is None and self._finished():
            self._leaving_s = now_s
        self._batch.measure(now_s)
        self._go_on_renewing(now_s)
        if self._undelivered.backlog and self._calls.ready(Call.REPORT, now_s):
            self._call(Call.REPORT, instructions.Deliver())
        if self._leaving_s is not None:
            self._wind_up(now_s, self._leaving_s)
        elif self._session is None:
            self._go_on_opening(now_s)
        else:
            self._go_on_claiming(now_s, self._session)

    def _finished(self) -> bool:
        idle = self._batch.idle and not self._calls.under_way
        return self._terms.once and self._drained and not self._undelivered and idle

    def _go_on_renewing(self, now_s: float) -> None:
        if self._session is None or not self._batch.holding.by_id or now_s < self._renew_due_s():
            return
        if self._calls.ready(Call.RENEW, now_s):
            self._renewing = tuple(self._batch.holding.by_id)
            renew = instructions.Renew(self._session.session_id, self._batch.holding.named())
            self._call(Call.RENEW, renew)

    def _go_on_opening(self, now_s: float) -> None:
        if not self._calls.ready(Call.OPEN, now_s):
            return
        if self._opening_id is None:
            self._opening_id = self._new_id()
        self._call(Call.OPEN, instructions.OpenSession(self._opening_id))

    def _go_on_claiming(self, now_s: float, session: SessionOpened) -> None:
        emptied = self._terms.once and self._drained and self._undelivered
        if not self._batch.idle or self._undelivered.too_many or emptied:
            return
        if not self._calls.ready(Call.CLAIM, now_s):
            return
        if self._claim is None:
            # One that was not answered is repeated: what it was given is told again, never lost.
            wait_s = 0.0 if self._terms.once else self._terms.wait_s
            self._claim = instructions.Claim(session.session_id, self._new_id(), self._terms.up_to, wait_s)
            self._claim_sent_s = now_s
        self._call(Call.CLAIM, self._claim)

    def _wind_up(self, now_s: float, leaving_s: float) -> None:
        if now_s >= leaving_s + LEAVING_S:
            self._end("told to stop; not everything could be told to the server in time")
            return
        if not self._batch.idle:
            return
        waiting = Call.CLAIM in self._calls.under_way or self._may_still_deliver()
        if waiting and now_s < leaving_s + CALLING_S:
            return
        if self._session is not None and not self._close_tried:
            self._close_tried = True
            self._call(Call.CLOSE, instructions.CloseSession(self._session.session_id))
        elif Call.CLOSE not in self._calls.under_way:
            self._end("nothing is left to do" if self._terms.once else "told to stop")

    def _may_still_deliver(self) -> bool:
        # One failure is enough: what is on disk, the next start delivers.
        return bool(self._undelivered) and not self._calls.backoff[Call.REPORT].failures

    # Words that the rest is made of

    def _renew_due_s(self) -> float:
        every_s = self._batch.lease_s * RENEWED_AT
        if self._session is not None:
            every_s = min(every_s, self._session.renew_every_s)
        return self._batch.renewed_s + every_s

    def _new_id(self) -> UUID:
        return UUID(int=self._draw.getrandbits(128), version=4)

    def _call(self, call: Call, instruction: Instruction) -> None:
        self._calls.begin(call)
        self._do(instruction)

    def _do(self, instruction: Instruction) -> None:
        if isinstance(instruction, instructions.Keep):
            self._undelivered.keeping += 1
        self._out.append(instruction)

    def _end(self, reason: str, *, failed: bool = False) -> None:
        self._batch.forget_all("the agent ends")
        self.ended = True
        self._do(instructions.End(reason, failed))
