import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.protocols import PRECISE, PROTOCOLS, SURVEY, VisitStart, versioned


def least_samples(protocol, visits):
    return sum(protocol.of_visit(number).min_samples for number in visits)


def test_the_shipped_protocols_keep_the_rules():
    assert PRECISE.visits == SURVEY.visits == 3
    assert (PRECISE.visit_start, SURVEY.visit_start) == (VisitStart.FRESH, VisitStart.FORKED)
    assert least_samples(SURVEY, range(SURVEY.visits)) >= 16
    assert 1 + SURVEY.warmup_runs >= 3, "the first inference warms up too"
    assert (PRECISE.warmup_runs, PRECISE.warmup_s, PRECISE.min_samples, PRECISE.min_timed_s) == (
        10,
        0.5,
        50,
        1.0,
    )
    assert {name: protocol.name for name, protocol in PROTOCOLS.items()} == {
        "precise": "precise",
        "survey": "survey",
    }


def test_the_digest_is_stable_and_tells_every_number_apart():
    assert PRECISE.digest() == PRECISE.evolve().digest()
    variants = [PRECISE, SURVEY, PRECISE.evolve(visits=4), PRECISE.evolve(trend_limit=0.04)]
    assert len({variant.digest() for variant in variants}) == len(variants)


def test_a_setting_that_is_not_used_changes_no_digest():
    assert PRECISE.digest() == "cafd077b8caceb9780000c746d075ae7c89db3c953c448d26239a10dc09eece7"
    assert PRECISE.evolve(spared_samples=0).digest() != PRECISE.digest()


@given(st.sets(st.integers(0, 9), min_size=3, max_size=3), st.integers(1, 40), st.none() | st.integers(0, 50))
def test_visits_that_are_repeated_make_up_for_any(accepted, min_samples, spared):
    protocol = SURVEY.evolve(min_samples=min_samples, spared_samples=spared)
    assert least_samples(protocol, accepted) >= least_samples(protocol, range(3)) >= 3
    assert protocol.of_visit(0) == protocol


def test_an_evolved_protocol_is_named_after_what_differs():
    evolved = PRECISE.evolve(visits=5)
    assert evolved.name == "precise+visits=5"
    assert evolved.evolve(max_timed_s=9.0).name == "precise+visits=5+max_timed_s=9.0"
    assert evolved.evolve(visits=3) == PRECISE


@pytest.mark.parametrize(
    ("name", "shown"),
    [("survey", "survey 2"), ("survey+visits=5+burst_s=0.1", "survey 2+visits=5+burst_s=0.1")],
)
def test_a_name_is_shown_with_its_version(name, shown):
    assert versioned(name, 2) == shown


@pytest.mark.parametrize(
    "changes", [{"visits": 0}, {"burst_s": 0.4}, {"max_samples": 10}, {"max_timed_s": 0}, {"min_samples": 0}]
)
def test_numbers_without_sense_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        PRECISE.evolve(**changes)


def test_an_unknown_setting_is_refused():
    with pytest.raises(TypeError):
        PRECISE.evolve(vists=5)
