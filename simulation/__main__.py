"""`python -m simulation`: one seed after another, each a day of its own; fails where a promise is broken."""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from itertools import repeat

from simulation.bugs import BUGS, planted
from simulation.quiet import quiet
from simulation.virtual_time import run
from simulation.world import Plan, Story, simulate


def main() -> None:
    given = _given()
    plans = [
        Plan(seed, given.hours, given.agents, given.jobs, given.rough)
        for seed in range(given.seed, given.seed + given.seeds)
    ]
    broken = False
    with ProcessPoolExecutor(given.processes) as pool:
        for plan, (story, cpu_s) in zip(plans, pool.map(_lived, plans, repeat(given.bug)), strict=True):
            broken = broken or bool(story.broken)
            _tell(plan, story, cpu_s, bug=given.bug, as_json=given.json)
    sys.exit(broken)


def _lived(plan: Plan, bug: str | None) -> tuple[Story, float]:
    """The story, and the seconds of a processor that it took."""
    began_s = time.process_time()
    with quiet(), planted(bug) if bug else nullcontext():
        return run(simulate(plan)), time.process_time() - began_s


def _given() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--seeds", type=int, default=1, help="so many, from --seed on")
    words.add_argument("--processes", type=int, default=1, help="seeds that are lived through at once")
    words.add_argument("--hours", type=float, default=24.0, help="of virtual time, each")
    words.add_argument("--agents", type=int, default=20)
    words.add_argument("--jobs", type=float, default=0.15, help="that users ask for, a second")
    words.add_argument("--rough", type=float, default=1.0, help="so many times the usual faults")
    words.add_argument("--bug", choices=sorted(BUGS), help="planted: the run should end badly")
    words.add_argument("--json", action="store_true")
    return words.parse_args()


def _tell(plan: Plan, story: Story, cpu_s: float, *, bug: str | None, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"plan": asdict(plan), "bug": bug, "story": asdict(story), "cpu_s": cpu_s}))
        return
    print(
        f"seed {plan.seed}: {plan.hours:g} h, {story.requests} requests, {story.measurements} measurements, "
        f"{story.agent_kills} + {story.server_kills} kills of agents and server, {story.calls} calls, "
        f"{len(story.broken)} promises broken, {cpu_s:.0f} s CPU"
    )
    for what in story.broken[:20]:
        print(f"  {what}")
    if story.broken:
        print(f"  replay: {plan.command()}" + (f" --bug {bug}" if bug else ""))


if __name__ == "__main__":
    main()
