from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.batches.plan import visit_order

JOBS = st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=12)


@given(JOBS, st.integers(), st.integers(0, 100))
def test_every_job_once_between_the_anchors(jobs: list[str], seed: int, visit: int) -> None:
    order = visit_order(jobs, ["light:", "heavy:"], seed, visit)
    assert order[:2] == ("light:", "heavy:")
    assert order[-2:] == ("heavy:", "light:")
    assert sorted(order[2:-2]) == sorted(jobs)


def test_visits_have_different_orders_and_a_seed_repeats_them() -> None:
    jobs = [str(number) for number in range(20)]
    orders = {visit_order(jobs, [], seed=7, visit=visit) for visit in range(5)}
    assert len(orders) == 5
    assert visit_order(jobs, [], seed=7, visit=3) in orders
