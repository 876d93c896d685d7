from collections.abc import Callable

import pytest

from edgemeter.failures import Failure, FailureKind
from edgemeter.protocols import SURVEY
from edgemeter_agents.batches.session import BatchSession, VisitRecord
from edgemeter_agents.batches.work import Batch
from edgemeter_agents.measuring.history import AnchorHistory
from edgemeter_agents.visits.messages import Failed

Make = Callable[..., VisitRecord]


@pytest.fixture
def session(batch: Batch) -> BatchSession:
    return BatchSession(batch, SURVEY, AnchorHistory())


def test_every_network_is_wanted_until_it_has_its_visits(session: BatchSession, visit: Make) -> None:
    for _ in range(SURVEY.visits):
        assert session.wanted() == ("a", "b", "c")
        session.record(visit(a=1.0, b=2.0, c=3.0))
    assert session.wanted() == ()


def test_outcomes_hold_the_visits_in_the_order_of_the_batch(session: BatchSession, visit: Make) -> None:
    for _ in range(SURVEY.visits):
        session.record(visit(c=3.0, a=1.0, b=2.0))
    outcomes = list(session.outcomes())
    assert [outcome.network.id for outcome in outcomes] == ["a", "b", "c"]
    assert [len(outcome.visits) for outcome in outcomes] == [3, 3, 3]
    assert all(
        outcome.facts is not None and (outcome.load_ms, outcome.prepare_ms) == (100.0, 5.0)
        for outcome in outcomes
    )


def test_a_failed_network_is_not_tried_again_and_the_others_go_on(
    session: BatchSession, record: Make, visit: Make
) -> None:
    failure = Failure(FailureKind.OUT_OF_MEMORY, "too large")
    session.record(record(Failed("b", failure)))
    assert session.wanted() == ("a", "c")
    for _ in range(SURVEY.visits):
        session.record(visit(a=1.0, c=3.0))
    assert [outcome.failure for outcome in session.outcomes()] == [None, failure, None]


def test_one_contended_visit_is_repeated_and_left_out(session: BatchSession, visit: Make) -> None:
    session.record(visit(a=1.0, b=2.0, c=3.0))
    session.record(visit(a=1.0, b=2.0, c=3.0))
    session.record(visit(delay_share=0.5, a=2.0, b=4.0, c=6.0))
    assert session.wanted() == ("a", "b", "c")
    session.record(visit(a=1.0, b=2.0, c=3.0))
    assert session.wanted() == ()
    (a, *_) = session.outcomes()
    assert [visit.block.wall_ms()[0] for visit in a.visits] == [1.0, 1.0, 1.0]


def test_a_busy_host_without_history_fails_as_contended_after_three_repeats(
    session: BatchSession, visit: Make
) -> None:
    for _ in range(SURVEY.visits + SURVEY.contended_repeats):
        assert session.wanted()
        session.record(visit(delay_share=0.5, a=2.0, b=4.0, c=6.0))
    assert session.wanted() == ()
    failures = [outcome.failure for outcome in session.outcomes()]
    assert all(failure is not None and failure.kind is FailureKind.CONTENDED for failure in failures)


def test_a_busy_host_with_quiet_anchors_on_record_is_measured_by_cpu_time(batch: Batch, visit: Make) -> None:
    quiet = BatchSession(batch, SURVEY, AnchorHistory())
    for _ in range(SURVEY.visits):
        quiet.record(visit(a=1.0, b=2.0, c=3.0))
    anchors = quiet.anchor_session()
    assert anchors is not None
    assert anchors.quiet
    busy = BatchSession(batch, SURVEY, AnchorHistory().add(anchors))
    for _ in range(SURVEY.visits):
        busy.record(visit(delay_share=0.5, a=2.0, b=4.0, c=6.0))
    assert busy.wanted() == ()
    (a, *_) = busy.outcomes()
    # Anchors of 0.5 and 5 ms used half their wall time as CPU time now, all of it when quiet.
    assert a.cpu_ratio == pytest.approx(2.0)


def test_more_than_one_thread_is_never_measured_by_cpu_time(batch: Batch, visit: Make) -> None:
    from dataclasses import replace

    two_threads = replace(batch, settings=replace(batch.settings, threads=2))
    quiet = BatchSession(batch, SURVEY, AnchorHistory())
    for _ in range(SURVEY.visits):
        quiet.record(visit(a=1.0, b=2.0, c=3.0))
    anchors = quiet.anchor_session()
    assert anchors is not None
    busy = BatchSession(two_threads, SURVEY, AnchorHistory().add(anchors))
    for _ in range(SURVEY.visits):
        busy.record(visit(delay_share=0.5, a=2.0, b=4.0, c=6.0))
    assert busy.wanted() == ("a", "b", "c")


def test_quiet_visits_of_the_anchors_suffice_beside_a_contended_one(
    session: BatchSession, visit: Make
) -> None:
    session.record(visit(delay_share=0.5, a=2.0))
    for _ in range(SURVEY.visits):
        session.record(visit(a=1.0))
    anchors = session.anchor_session()
    assert anchors is not None
    assert anchors.quiet
    assert (anchors.light.wall_ms, anchors.heavy.wall_ms) == (0.5, 5.0)
    assert anchors.repeats == {session.batch.networks[0].document.sha256: 1.0}


def test_without_anchors_there_is_no_anchor_session(session: BatchSession, record: Make) -> None:
    failure = Failure(FailureKind.UNSUPPORTED_OP, "no int8 here")
    session.record(record(Failed("anchor:light", failure), Failed("anchor:heavy", failure)))
    assert session.anchor_session() is None
