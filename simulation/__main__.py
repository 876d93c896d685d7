"""`python -m simulation`: one seed after another, until one breaks a promise."""

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict

import structlog

from simulation.virtual_time import run
from simulation.world import Plan, Story, simulate


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--seeds", type=int, default=1, help="so many, from --seed on")
    words.add_argument("--hours", type=float, default=24.0, help="of virtual time, each")
    words.add_argument("--agents", type=int, default=20)
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    failed = False
    for seed in range(given.seed, given.seed + given.seeds):
        plan = Plan(seed=seed, hours=given.hours, agents=given.agents)
        began_s = time.process_time()
        story = run(simulate(plan))
        failed = failed or bool(story.broken)
        _tell(plan, story, time.process_time() - began_s, as_json=given.json)
    sys.exit(failed)


def _tell(plan: Plan, story: Story, cpu_s: float, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"plan": asdict(plan), "story": asdict(story), "cpu_s": cpu_s}))
        return
    print(
        f"seed {plan.seed}: {plan.hours:g} h, {story.requests} requests, {story.measurements} measurements, "
        f"{story.agent_kills} + {story.server_kills} kills of agents and server, {story.calls} calls, "
        f"{len(story.broken)} promises broken, {cpu_s:.0f} s CPU"
    )
    for what in story.broken[:20]:
        print(f"  {what}")
    if story.broken:
        print(f"  replay: python -m simulation --seed {plan.seed} --hours {plan.hours:g}")


main()
