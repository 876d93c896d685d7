"""What retention leaves of a visit."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.measurement import VisitDocument
from edgemeter_server.measurements import samples, testing
from edgemeter_server.measurements.retention import thin

TIMES = st.lists(st.integers(0, 10**6), max_size=60).map(tuple)


@given(st.builds(VisitDocument, runs_per_sample=st.just(1), wall_ns=TIMES, cpu_ns=TIMES, delay_ns=TIMES))
def test_quantiles_are_samples_of_the_visit_in_order(visit: VisitDocument) -> None:
    thinned = thin(visit)
    ordered = sorted(visit.wall_ns)
    assert list(thinned.wall_ns) == sorted(thinned.wall_ns)
    assert len(thinned.wall_ns) == min(len(ordered), 11)
    if ordered:
        assert (thinned.wall_ns[0], thinned.wall_ns[-1]) == (ordered[0], ordered[-1])
        assert (len(ordered) - 1) // 2 >= 0
        assert ordered[(len(ordered) - 1) * 5 // 10] in thinned.wall_ns
    assert set(thinned.cpu_ns) <= set(visit.cpu_ns)
    assert thinned.warmup_wall_ns == ()


@given(st.builds(VisitDocument, runs_per_sample=st.just(1), wall_ns=TIMES, cpu_ns=TIMES, delay_ns=TIMES))
def test_thinning_twice_changes_nothing_more(visit: VisitDocument) -> None:
    assert thin(thin(visit)) == thin(visit)


@pytest.mark.parametrize("seed", range(5))
def test_numbers_survive_the_samples_that_they_were_computed_from(seed: int) -> None:
    random = Random(seed)
    measurement = testing.measurement(random, "ab" * 32, ())
    assert measurement.latency is not None
    numbers = [measurement.latency.mean_ms, measurement.latency.sd_ms, *measurement.latency.visits_ms]
    thinned = [thin(visit) for visit in measurement.visits]
    assert samples.decode(samples.encode(thinned, numbers)) == (tuple(thinned), numbers)
