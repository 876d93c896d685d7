"""The machine's promises under any order of answers, failures, delays and shutdowns."""

import random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edgemeter.failures import Failure, FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire.agents import NotMeasured, Receipt
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.events import Answered, Call, CallFailed, Event, Tick, Trouble
from edgemeter_agents.daemon.machine import LEAVING_S, Machine, Terms

from .conftest import LEASE_S, claimed, make_lease, opened, renewed

_CALLS = {
    instructions.OpenSession: Call.OPEN,
    instructions.Claim: Call.CLAIM,
    instructions.Renew: Call.RENEW,
    instructions.Deliver: Call.REPORT,
    instructions.SetAside: Call.REPORT,
    instructions.CloseSession: Call.CLOSE,
}


class AgentInAnyWorld(RuleBasedStateMachine):
    """Plays the shell and the server; remembers what the machine may do."""

    @initialize(once=st.booleans(), seed=st.integers(0, 1000), backlog=st.integers(0, 2))
    def start(self, once: bool, seed: int, backlog: int) -> None:
        self.machine = Machine(Terms(up_to=3, once=once), random.Random(seed), backlog)
        self.now_s = 0.0
        self.calls: dict[Call, tuple[Any, float]] = {}
        self.keeping = 0
        self.backlog = backlog
        self.work: str | None = None  #: "preparing" or "measuring", as the shell has it
        self.stopping = False
        self.measured: set[int] = set()
        self.expected: set[int] = set()
        self.trusted_s: dict[int, float] = {}  #: when each lease may have run out, by our own reckoning
        self.asked_s: dict[object, float] = {}  #: when a claim id was first sent
        self.endings: dict[int, str] = {}
        self.taken = 0
        self.left_s: float | None = None
        self.end: instructions.End | None = None
        self.tell(Tick())

    def tell(self, event: Event) -> None:
        for instruction in self.machine.handle(self.now_s, event):
            self.carry_out(instruction)

    def carry_out(self, instruction: instructions.Instruction) -> None:
        assert self.end is None, "nothing is done after the end"
        if (call := _CALLS.get(type(instruction))) is not None:
            assert call not in self.calls, "one call of each kind at a time"
            self.calls[call] = (instruction, self.now_s)
        match instruction:
            case instructions.Claim(claim_id=claim_id):
                assert self.work is None, "one batch at a time"
                assert set(self.endings) == set(range(1, self.taken + 1)), "the last batch has ended"
                self.asked_s.setdefault(claim_id, self.now_s)
            case instructions.Prepare():
                assert self.work is None
                self.work, self.stopping = "preparing", False
            case instructions.Measure(leases=leases):
                assert self.work is None
                self.work, self.stopping = "measuring", False
                self.measured = {lease.attempt_id for lease in leases}
                self.expected = set(self.measured)
                assert all(self.now_s < self.trusted_s[id_] for id_ in self.measured)
            case instructions.StopWork():
                self.stopping = True
            case instructions.Keep():
                self.keeping += 1
            case instructions.LeaseEnded(attempt_id=attempt_id, ending=ending):
                assert attempt_id not in self.endings, "a lease ends once"
                self.endings[attempt_id] = ending
            case instructions.End(failed=failed):
                assert not (failed and self.work), "nothing is measured any more"
                self.end = instruction

    # Time

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 25.0, LEASE_S, 300.0]))
    def wait(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        """As the shell does: never past the moment at which the machine wants to be woken."""
        until_s = self.now_s + seconds
        while self.end is None and self.now_s < until_s:
            wake_s = self.machine.wake_s(self.now_s)
            self.now_s = min(until_s, until_s if wake_s is None else wake_s)
            self.tell(Tick())

    @rule(seconds=st.sampled_from([30.0, 10_000.0]))
    def sleep(self, seconds: float) -> None:
        """The whole machine was suspended: time jumps."""
        self.now_s += seconds
        self.tell(Tick())

    @precondition(lambda self: self.end is None and self.work is not None and self.trusted_s)
    @rule()
    def lease_runs_out(self) -> None:
        """Everything waits until the last lease may have run out."""
        self.pass_time(max(max(self.trusted_s.values()) - self.now_s, 0.0))

    # The server

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), trouble=st.sampled_from([Trouble.AGAIN, *list(Trouble)[:4]]))
    def fail_some_call(self, data: st.DataObject, trouble: Trouble) -> None:
        self.fail_call(data.draw(st.sampled_from(sorted(self.calls))), trouble)

    def fail_call(self, call: Call, trouble: Trouble) -> None:
        instruction, _ = self.calls.pop(call)
        if trouble is Trouble.SESSION and call in (Call.CLAIM, Call.RENEW, Call.CLOSE):
            self.trusted_s = dict.fromkeys(self.trusted_s, self.now_s)
        if trouble is Trouble.LOST and call is Call.RENEW:
            self.trusted_s |= {held.attempt_id: self.now_s for held in instruction.leases}
        if not isinstance(instruction, instructions.SetAside):
            self.tell(CallFailed(call, trouble, "trouble"))
        else:
            self.calls[call] = (instruction, self.now_s)

    @rule()
    @precondition(lambda self: self.now_s > 5000 and self.calls.keys() - {Call.CLOSE})
    def revoke(self) -> None:
        call = sorted(self.calls.keys() - {Call.CLOSE})[0]
        del self.calls[call]
        self.tell(CallFailed(call, Trouble.FATAL, "revoked"))

    @precondition(lambda self: Call.OPEN in self.calls)
    @rule()
    def open(self) -> None:
        self.answer_open()

    def answer_open(self) -> None:
        _, sent_s = self.calls.pop(Call.OPEN)
        self.tell(Answered(opened(), Call.OPEN, sent_s))

    @precondition(lambda self: self.end is None and Call.CLAIM in self.calls)
    @rule(count=st.integers(0, 3), disagrees=st.booleans())
    def claim(self, count: int, disagrees: bool) -> None:
        self.answer_claim(count, disagrees)

    def answer_claim(self, count: int, disagrees: bool) -> None:
        instruction, sent_s = self.calls.pop(Call.CLAIM)
        ids = range(self.taken + 1, self.taken + 1 + count)
        self.taken += count
        self.trusted_s |= dict.fromkeys(ids, self.asked_s[instruction.claim_id] + LEASE_S)
        changes = {"protocol_digest": "another"} if disagrees else {}
        leases = [make_lease(id_, **(changes if id_ == min(ids) else {})) for id_ in ids]
        self.tell(Answered(claimed(*leases), Call.CLAIM, sent_s))

    @precondition(lambda self: Call.RENEW in self.calls)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        self.answer_renewal(data)

    def answer_renewal(self, data: st.DataObject) -> None:
        instruction, sent_s = self.calls.pop(Call.RENEW)
        states = {}
        for held in instruction.leases:
            state = data.draw(st.sampled_from(["renewed", "renewed", "renewed", "cancelled", "lost"]))
            states[f"a{held.attempt_id}"] = state
            self.trusted_s[held.attempt_id] = sent_s + LEASE_S if state == "renewed" else self.now_s
        self.tell(Answered(renewed(**states), Call.RENEW, sent_s))

    @precondition(lambda self: Call.REPORT in self.calls)
    @rule()
    def deliver(self) -> None:
        del self.calls[Call.REPORT]
        self.backlog -= 1
        self.tell(events.Delivered(self.backlog, (Receipt(attempt_id=1, state="accepted"),)))

    @precondition(lambda self: Call.CLOSE in self.calls)
    @rule()
    def close(self) -> None:
        _, sent_s = self.calls.pop(Call.CLOSE)
        self.tell(Answered(None, Call.CLOSE, sent_s))

    # The shell

    @precondition(lambda self: self.keeping)
    @rule(durable=st.booleans())
    def keep(self, durable: bool) -> None:
        self.keeping -= 1
        self.backlog += 1
        self.tell(events.Kept(self.backlog, durable=durable))

    @precondition(lambda self: self.work == "preparing")
    @rule(missing=st.booleans(), kind=st.sampled_from([FailureKind.INTERNAL, FailureKind.DEVICE_UNREADY]))
    def prepare(self, missing: bool, kind: FailureKind) -> None:
        self.end_preparing(kind if missing else None)

    def end_preparing(self, kind: FailureKind | None) -> None:
        if kind is not None:
            self.tell(events.Unprepared(self.taken, Failure(kind, "not here")))
        self.work = None
        # Prepared and told to stop may cross: the machine gets one answer, whichever.
        self.tell(events.WorkEnded() if self.stopping else events.Prepared())

    @precondition(lambda self: self.work == "measuring" and self.expected)
    @rule(data=st.data())
    def measure(self, data: st.DataObject) -> None:
        done = data.draw(st.sets(st.sampled_from(sorted(self.expected)), min_size=1))
        self.expected -= done
        failure = FailureDocument(kind=FailureKind.TIMEOUT, message="slow")
        outcomes = tuple(
            events.Outcome(id_, NotMeasured(failure=failure, started=True)) for id_ in sorted(done)
        )
        self.tell(events.Results(0, {}, outcomes))

    @precondition(lambda self: self.work == "measuring")
    @rule()
    def end_work(self) -> None:
        self.work = None
        self.tell(events.WorkEnded())

    @precondition(lambda self: self.left_s is None and (self.taken > 4 or self.now_s > 3000))
    @rule()
    def leave(self) -> None:
        self.left_s = self.now_s
        self.tell(events.Leave())

    # Short ways to where it gets interesting

    @precondition(lambda self: self.end is None and self.work is None)
    @rule(count=st.integers(1, 3))
    def go_on_to_measuring(self, count: int) -> None:
        if Call.OPEN in self.calls:
            self.answer_open()
        if Call.CLAIM in self.calls:
            self.answer_claim(count, disagrees=False)
        if self.work == "preparing":
            self.end_preparing(None)

    @precondition(lambda self: self.end is None and self.work == "measuring")
    @rule(data=st.data(), trouble=st.sampled_from([None, None, *list(Trouble)[:3]]))
    def go_on_to_renewal(self, data: st.DataObject, trouble: Trouble | None) -> None:
        self.pass_time(LEASE_S / 3)
        if Call.RENEW not in self.calls:
            return
        if trouble is None:
            self.answer_renewal(data)
        else:
            self.fail_call(Call.RENEW, trouble)

    # Promises

    @invariant()
    def measures_only_with_a_live_lease(self) -> None:
        if self.end is None and self.work == "measuring" and not self.stopping and self.expected:
            live = self.measured - set(self.endings)
            assert any(self.now_s < self.trusted_s[id_] for id_ in live)

    @invariant()
    def ends_in_time_when_told_to(self) -> None:
        if self.left_s is not None and self.end is None and self.work is None and not self.stopping:
            assert self.now_s < self.left_s + LEAVING_S

    @invariant()
    def accounts_for_every_lease_at_the_end(self) -> None:
        if self.end is not None:
            assert set(self.endings) == set(range(1, self.taken + 1))

    @invariant()
    def is_never_stuck(self) -> None:
        """Something is under way, or there is a moment at which it goes on."""
        if self.end is None and not self.calls and self.work is None and not self.keeping:
            assert self.machine.wake_s(self.now_s) is not None


TestAgentInAnyWorld = AgentInAnyWorld.TestCase
TestAgentInAnyWorld.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
