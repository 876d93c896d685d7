"""Slices of the simulation: no promise is broken, a seed tells one story, every planted bug is found."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulation.bugs import BUGS, planted
from simulation.quiet import quiet
from simulation.virtual_time import run
from simulation.world import Plan, simulate

#: Faults come thick, so that few minutes of virtual time hold many of them.
ROUGH = Plan(seed=3, hours=0.06, agents=5, jobs_a_second=2.0, rough=8.0)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with quiet():
        yield


@pytest.mark.parametrize(
    "plan", [Plan(seed=11, hours=0.3, rough=3.0), Plan(seed=12, hours=0.2, agents=8, rough=8.0)]
)
def test_no_promise_is_broken(plan: Plan) -> None:
    story = run(simulate(plan))
    assert not story.broken, f"replay: {plan.command()}"
    assert story.measurements
    assert story.agent_kills
    assert story.server_kills


def test_a_seed_tells_one_story() -> None:
    assert run(simulate(ROUGH)) == run(simulate(ROUGH)), f"replay: {ROUGH.command()}"


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    """Mostly by the first seed; a rare one needs several."""
    plans = [replace(ROUGH, seed=seed) for seed in range(ROUGH.seed, ROUGH.seed + 6)]
    with planted(bug):
        found = any(run(simulate(plan)).broken for plan in plans)
    assert found, f"replay: {ROUGH.command()} --seeds {len(plans)} --bug {bug}"
