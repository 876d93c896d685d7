"""Every transition of the agent's machine, one sentence each."""

import random
from collections.abc import Sequence

import pytest

from edgemeter.failures import Failure, FailureKind
from edgemeter.measurement import FailureDocument
from edgemeter.wire.agents import Claimed, NotMeasured, Receipt
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.events import Answered, Call, CallFailed, Tick, Trouble
from edgemeter_agents.daemon.instructions import Ending, Instruction
from edgemeter_agents.daemon.machine import CALLING_S, FINISHING_S, LEAVING_S, Machine, Terms
from edgemeter_agents.daemon.undelivered import BACKLOG_MAX

from .conftest import LEASE_S, claimed, make_lease, opened, renewed


def kinds(found: Sequence[Instruction]) -> list[str]:
    return [type(instruction).__name__ for instruction in found]


def answer(reply: object, call: Call, sent_s: float = 0.0) -> Answered:
    return Answered(reply, call, sent_s)  # type: ignore[arg-type]


def not_measured(kind: FailureKind = FailureKind.RUNTIME_ERROR) -> NotMeasured:
    return NotMeasured(failure=FailureDocument(kind=kind, message="it broke"), started=True)


def results(*attempt_ids: int, kind: FailureKind = FailureKind.RUNTIME_ERROR) -> events.Results:
    return events.Results(0, {}, tuple(events.Outcome(id_, not_measured(kind)) for id_ in attempt_ids))


def opening(machine: Machine) -> None:
    assert kinds(machine.handle(0.0, Tick())) == ["OpenSession"]
    assert kinds(machine.handle(0.0, answer(opened(), Call.OPEN))) == ["Claim"]


def measuring(machine: Machine, *attempt_ids: int, now_s: float = 0.0) -> None:
    opening(machine)
    leases = [make_lease(id_) for id_ in attempt_ids or (1,)]
    assert kinds(machine.handle(now_s, answer(claimed(*leases), Call.CLAIM))) == ["Prepare"]
    assert kinds(machine.handle(now_s, events.Prepared())) == ["Measure"]


def endings(found: Sequence[Instruction]) -> dict[int, Ending]:
    return {i.attempt_id: i.ending for i in found if isinstance(i, instructions.LeaseEnded)}


def test_a_batch_goes_from_claim_to_report_and_the_next_is_claimed(machine: Machine) -> None:
    measuring(machine, 1, 2)
    assert kinds(machine.handle(1.0, results(1, 2))) == ["LeaseEnded", "LeaseEnded", "Keep"]
    assert kinds(machine.handle(1.0, events.Kept(1, durable=True))) == ["Deliver"]
    assert kinds(machine.handle(1.0, events.WorkEnded())) == ["Claim"]
    assert machine.handle(1.0, events.Delivered(0, ())) == ()


def test_an_unanswered_claim_is_repeated_with_its_id_and_an_answered_one_is_not(machine: Machine) -> None:
    opening(machine)
    first = machine.handle(1.0, CallFailed(Call.CLAIM, Trouble.AGAIN, "no answer"))
    wake_s = machine.wake_s(1.0)
    assert first == ()
    assert wake_s is not None
    (again,) = machine.handle(wake_s, Tick())
    (fresh,) = machine.handle(30.0, answer(claimed(), Call.CLAIM, sent_s=wake_s))
    assert isinstance(again, instructions.Claim)
    assert isinstance(fresh, instructions.Claim)
    assert fresh.claim_id != again.claim_id
    (repeated,) = _claim_again(machine, 31.0)
    assert repeated.claim_id == fresh.claim_id


def _claim_again(machine: Machine, now_s: float) -> list[instructions.Claim]:
    machine.handle(now_s, CallFailed(Call.CLAIM, Trouble.AGAIN, "no answer"))
    found = machine.handle(now_s + 60, Tick())
    return [claim for claim in found if isinstance(claim, instructions.Claim)]


def test_empty_answers_that_come_early_do_not_make_it_run_in_circles(machine: Machine) -> None:
    opening(machine)
    assert machine.handle(0.01, answer(claimed(), Call.CLAIM)) == ()
    wake_s = machine.wake_s(0.01)
    assert wake_s is not None
    assert kinds(machine.handle(wake_s, Tick())) == ["Claim"]


def test_leases_are_renewed_at_a_third_and_only_once_at_a_time(machine: Machine) -> None:
    measuring(machine, 1)
    assert machine.wake_s(0.0) == LEASE_S / 3
    assert kinds(machine.handle(LEASE_S / 3, Tick())) == ["Renew"]
    assert machine.handle(LEASE_S / 3 + 1, Tick()) == ()
    machine.handle(21.5, answer(renewed(a1="renewed"), Call.RENEW, sent_s=20.0))
    assert machine.handle(39.9, Tick()) == ()
    assert kinds(machine.handle(40.0, Tick())) == ["Renew"]


def test_a_lease_counts_from_when_it_was_asked_for(machine: Machine) -> None:
    opening(machine)
    machine.handle(19.0, answer(claimed(make_lease()), Call.CLAIM, sent_s=0.0))
    machine.handle(19.0, events.Prepared())
    assert machine.handle(59.9, Tick()) != ()
    assert "StopWork" in kinds(machine.handle(60.0, Tick()))


def test_measuring_stops_when_the_last_lease_may_have_run_out(machine: Machine) -> None:
    measuring(machine, 1)
    found = machine.handle(LEASE_S, Tick())
    assert endings(found) == {1: Ending.FORGOTTEN}
    assert "StopWork" in kinds(found)
    assert "Claim" not in kinds(found)
    assert machine.handle(LEASE_S, results(1)) == ()
    assert kinds(machine.handle(LEASE_S, events.WorkEnded())) == ["Claim"]


@pytest.mark.parametrize("state", ["cancelled", "lost"])
def test_a_lease_that_is_told_gone_is_forgotten_and_its_result_dropped(machine: Machine, state: str) -> None:
    measuring(machine, 1, 2)
    machine.handle(20.0, Tick())
    found = machine.handle(20.0, answer(renewed(a1=state, a2="renewed"), Call.RENEW, sent_s=20.0))
    assert endings(found) == {1: Ending.FORGOTTEN}
    assert "StopWork" not in kinds(found), "the other one is still wanted"
    assert endings(machine.handle(21.0, results(1, 2))) == {2: Ending.KEPT}


@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.SESSION])
def test_409_on_renewal_stops_and_forgets(machine: Machine, trouble: Trouble) -> None:
    measuring(machine, 1, 2)
    machine.handle(20.0, Tick())
    found = machine.handle(20.0, CallFailed(Call.RENEW, trouble, "gone"))
    assert endings(found) == {1: Ending.FORGOTTEN, 2: Ending.FORGOTTEN}
    assert "StopWork" in kinds(found)


def test_another_session_is_opened_only_after_a_while(machine: Machine) -> None:
    opening(machine)
    assert kinds(machine.handle(1.0, CallFailed(Call.CLAIM, Trouble.SESSION, "taken over"))) == ["Note"]
    assert machine.handle(5.9, Tick()) == ()
    assert kinds(machine.handle(11.1, Tick())) == ["OpenSession"]


def test_an_unanswered_opening_is_repeated_with_its_id_and_a_late_one_is_not(machine: Machine) -> None:
    [first] = machine.handle(0.0, Tick())
    machine.handle(0.0, CallFailed(Call.OPEN, Trouble.AGAIN, "no answer"))
    assert machine.handle(0.6, Tick()) == (first,)
    refused = CallFailed(Call.OPEN, Trouble.SESSION, "late")
    assert kinds(machine.handle(0.6, refused)) == ["Note"]
    assert machine.handle(5.5, Tick()) == ()
    [second] = machine.handle(10.7, Tick())
    assert kinds([first, second]) == ["OpenSession"] * 2
    assert first != second
    machine.handle(10.7, answer(opened(), Call.OPEN))
    machine.handle(11.0, CallFailed(Call.CLAIM, Trouble.SESSION, "taken over"))
    [third] = machine.handle(31.1, Tick())
    assert third not in (first, second)


def test_renewing_is_tried_again_soon_after_a_failure(machine: Machine) -> None:
    measuring(machine, 1)
    machine.handle(20.0, Tick())
    assert machine.handle(20.0, CallFailed(Call.RENEW, Trouble.AGAIN, "no answer")) == ()
    assert kinds(machine.handle(20.6, Tick())) == ["Renew"]


def test_a_lease_that_came_too_late_is_renewed_before_it_is_measured(machine: Machine) -> None:
    opening(machine)
    found = machine.handle(70.0, answer(claimed(make_lease()), Call.CLAIM, sent_s=69.0))
    assert kinds(found) == ["Prepare", "Renew"], "the first asking may have been granted at once"
    assert machine.handle(71.0, events.Prepared()) == ()
    renewal = answer(renewed(a1="renewed"), Call.RENEW, sent_s=70.0)
    assert kinds(machine.handle(71.0, renewal)) == ["Measure"]


def test_what_cannot_be_fetched_is_reported_and_the_rest_is_measured(machine: Machine) -> None:
    opening(machine)
    machine.handle(0.0, answer(claimed(make_lease(1), make_lease(2)), Call.CLAIM))
    gone = Failure(FailureKind.INTERNAL, "not handed out")
    assert endings(machine.handle(0.0, events.Unprepared(1, gone))) == {1: Ending.KEPT}
    (measure,) = machine.handle(0.0, events.Prepared())
    assert isinstance(measure, instructions.Measure)
    assert [lease.attempt_id for lease in measure.leases] == [2]


def test_a_protocol_that_differs_is_not_measured(machine: Machine) -> None:
    opening(machine)
    found = machine.handle(0.0, answer(claimed(make_lease(protocol_digest="other")), Call.CLAIM))
    (keep,) = [i for i in found if isinstance(i, instructions.Keep)]
    outcome = keep.reports[0].outcome
    assert isinstance(outcome, NotMeasured)
    assert outcome.failure.kind is FailureKind.INTERNAL
    assert "upgrade" in outcome.failure.message
    assert "Prepare" not in kinds(found)


def test_networks_that_the_worker_left_out_have_failed(machine: Machine) -> None:
    measuring(machine, 1, 2)
    machine.handle(1.0, results(1))
    assert endings(machine.handle(1.0, events.WorkEnded())) == {2: Ending.KEPT}


def test_an_unready_device_waits_before_it_takes_more(machine: Machine) -> None:
    measuring(machine, 1)
    machine.handle(1.0, results(1, kind=FailureKind.DEVICE_UNREADY))
    assert machine.handle(1.0, events.WorkEnded()) == ()
    assert "Claim" in kinds(machine.handle(6.1, Tick()))


@pytest.mark.parametrize(("backlog", "durable"), [(BACKLOG_MAX, True), (1, False)])
def test_no_work_is_taken_while_reports_pile_up(machine: Machine, backlog: int, durable: bool) -> None:
    measuring(machine, 1)
    machine.handle(1.0, results(1))
    machine.handle(1.0, events.Kept(backlog, durable=durable))
    assert machine.handle(1.0, events.WorkEnded()) == ()
    assert "Claim" in kinds(machine.handle(2.0, events.Delivered(0, ())))


def test_reports_of_an_earlier_session_are_delivered_before_one_is_open() -> None:
    machine = Machine(Terms(), random.Random(1), backlog=2)
    assert kinds(machine.handle(0.0, Tick())) == ["Deliver", "OpenSession"]
    assert kinds(machine.handle(0.0, events.Delivered(1, ()))) == ["Deliver"]


def test_a_report_is_repeated_until_it_is_delivered(machine: Machine) -> None:
    machine = Machine(Terms(), random.Random(1), backlog=1)
    machine.handle(0.0, Tick())
    assert machine.handle(1.0, CallFailed(Call.REPORT, Trouble.AGAIN, "no answer", 10.0)) == ()
    assert "Deliver" not in kinds(machine.handle(10.9, Tick())), "the server asked for ten seconds"
    assert "Deliver" in kinds(machine.handle(13.6, Tick()))


def test_a_report_that_is_refused_for_good_does_not_block_the_others() -> None:
    machine = Machine(Terms(), random.Random(1), backlog=2)
    machine.handle(0.0, Tick())
    found = machine.handle(1.0, CallFailed(Call.REPORT, Trouble.REFUSED, "no such field"))
    assert kinds(found) == ["SetAside"]
    assert kinds(machine.handle(1.0, events.Delivered(1, ()))) == ["Deliver"]


@pytest.mark.parametrize("call", [Call.OPEN, Call.CLAIM, Call.RENEW, Call.REPORT])
def test_what_only_a_person_can_mend_ends_it_without_a_measurement_left(machine: Machine, call: Call) -> None:
    measuring(machine, 1)
    found = machine.handle(1.0, CallFailed(call, Trouble.FATAL, "the token was revoked"))
    assert "StopWork" in kinds(found)
    assert "End" not in kinds(found), "it waits until nothing is measured any more"
    (end,) = machine.handle(1.1, events.WorkEnded())
    assert end == instructions.End("the token was revoked", failed=True)


def test_sigterm_lets_a_measurement_end_for_a_while(machine: Machine) -> None:
    measuring(machine, 1)
    assert machine.handle(1.0, events.Leave()) == ()
    machine.handle(2.0, results(1))
    assert kinds(machine.handle(2.0, events.Kept(1, durable=True))) == ["Deliver"]
    assert machine.handle(2.0, events.WorkEnded()) == (), "the report comes before the session's end"
    receipt = Receipt(attempt_id=1, state="accepted")
    assert kinds(machine.handle(2.1, events.Delivered(0, (receipt,)))) == ["CloseSession"]
    assert kinds(machine.handle(2.2, answer(None, Call.CLOSE))) == ["End"]


def test_sigterm_gives_back_what_takes_too_long(machine: Machine) -> None:
    measuring(machine, 1)
    machine.handle(1.0, events.Leave())
    found = machine.handle(1.0 + FINISHING_S, Tick())
    assert endings(found) == {1: Ending.GIVEN_BACK}
    assert "StopWork" in kinds(found)
    (keep,) = [i for i in found if isinstance(i, instructions.Keep)]
    outcome = keep.reports[0].outcome
    assert isinstance(outcome, NotMeasured)
    assert outcome.failure.kind is FailureKind.AGENT_SHUTDOWN


def test_sigterm_aborts_the_long_poll_and_closes_the_session(machine: Machine) -> None:
    opening(machine)
    assert kinds(machine.handle(1.0, events.Leave())) == ["AbortClaim"]
    aborted = CallFailed(Call.CLAIM, Trouble.AGAIN, "aborted")
    assert kinds(machine.handle(1.0, aborted)) == ["CloseSession"]


def test_leases_that_came_while_leaving_are_given_back_unstarted(machine: Machine) -> None:
    opening(machine)
    machine.handle(1.0, events.Leave())
    found = machine.handle(1.0, answer(claimed(make_lease()), Call.CLAIM))
    assert endings(found) == {1: Ending.GIVEN_BACK}
    (keep,) = [i for i in found if isinstance(i, instructions.Keep)]
    outcome = keep.reports[0].outcome
    assert isinstance(outcome, NotMeasured)
    assert not outcome.started


def test_a_dead_server_does_not_hold_up_the_end(machine: Machine) -> None:
    measuring(machine, 1)
    machine.handle(1.0, events.Leave())
    machine.handle(5.0, Tick())
    machine.handle(5.0, events.Kept(1, durable=True))
    machine.handle(5.0, events.WorkEnded())
    assert machine.handle(1.0 + CALLING_S - 0.1, Tick()) == ()
    assert kinds(machine.handle(1.0 + CALLING_S, Tick())) == ["CloseSession"]
    assert kinds(machine.handle(1.0 + LEAVING_S, Tick())) == ["End"]


def test_told_twice_it_ends_at_once(machine: Machine) -> None:
    measuring(machine, 1)
    machine.handle(1.0, events.Leave())
    found = machine.handle(1.1, events.Leave())
    assert kinds(found) == ["LeaseEnded", "End"]
    assert machine.ended
    assert machine.handle(1.2, Tick()) == ()


def test_once_ends_when_the_queue_is_empty_and_all_is_told() -> None:
    machine = Machine(Terms(once=True), random.Random(1))
    machine.handle(0.0, Tick())
    (claim,) = machine.handle(0.0, answer(opened(), Call.OPEN))
    assert isinstance(claim, instructions.Claim)
    assert claim.wait_s == 0
    machine.handle(0.0, answer(claimed(make_lease()), Call.CLAIM))
    machine.handle(0.0, events.Prepared())
    machine.handle(1.0, results(1))
    assert kinds(machine.handle(1.0, events.WorkEnded())) == ["Claim"]
    machine.handle(1.0, events.Kept(1, durable=True))
    assert machine.handle(1.0, answer(Claimed(leases=(), lease_s=60), Call.CLAIM)) == ()
    assert kinds(machine.handle(1.1, events.Delivered(0, ()))) == ["CloseSession"]
    assert kinds(machine.handle(1.2, answer(None, Call.CLOSE))) == ["End"]


def test_jitter_spreads_agents_and_waits_grow() -> None:
    def waits(seed: int) -> list[float]:
        machine = Machine(Terms(), random.Random(seed))
        now_s, found = 0.0, []
        machine.handle(now_s, Tick())
        for _ in range(12):
            machine.handle(now_s, CallFailed(Call.OPEN, Trouble.AGAIN, "no answer"))
            wake_s = machine.wake_s(now_s)
            assert wake_s is not None
            found.append(wake_s - now_s)
            now_s = wake_s
            assert kinds(machine.handle(now_s, Tick())) == ["OpenSession"]
        return found

    first, second = waits(1), waits(2)
    assert first != second
    assert 15 <= first[-1] <= 30
    assert first[0] <= 0.5


def test_a_renewal_counts_from_when_it_was_sent(machine: Machine) -> None:
    measuring(machine, 1)
    machine.handle(20.0, Tick())
    machine.handle(29.0, answer(renewed(a1="renewed"), Call.RENEW, sent_s=20.0))
    assert "StopWork" not in kinds(machine.handle(20.0 + LEASE_S - 0.1, Tick()))
    assert "StopWork" in kinds(machine.handle(20.0 + LEASE_S, Tick()))
