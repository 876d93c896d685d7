"""`edgemeter check`: does a network keep a latency limit? For continuous integration."""

import sys
from pathlib import Path

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.targets import TargetSelector
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.commands.options import json_option, measuring_options, target_option


@click.command()
@click.argument("file", type=FILE)
@target_option
@click.option(
    "--max-latency-ms",
    "limit_ms",
    type=click.FloatRange(min=0, min_open=True),
    required=True,
    metavar="MS",
    help="The limit, per invocation.",
)
@measuring_options
@json_option
def check(
    file: Path,
    target: TargetSelector,
    limit_ms: float,
    protocol_name: str,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    inputs_file: Path | None,
    priority: PriorityWish,
    timeout_s: float,
    memory_limit_mib: int,
    seed: int,
    as_json: bool,
) -> None:
    """Check a network against a latency limit.

    Exit code 0: the whole interval is within the limit. 1: it is above. 3: undecided, the limit lies
    inside the interval. 4: the network could not be measured, or not validly.
    """
    from edgemeter.cli.output import data_console, print_json
    from edgemeter.protocols import PROTOCOLS
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.commands.limit import judge, sentence
    from edgemeter_agents.commands.running import (
        job_limits,
        print_report,
        read_networks,
        require_single_target,
        run_order,
    )

    networks = read_networks([file], dict(shapes), inputs_file)
    require_single_target(networks, target)
    wishes = Wishes(seed=seed, priority=priority, limits=job_limits(timeout_s, memory_limit_mib))
    report = run_order(networks, [target], PROTOCOLS[protocol_name], wishes)
    (measurement,) = report.measurements
    verdict = judge(measurement, limit_ms)
    if as_json:
        print_json(
            {
                "schema_name": "edgemeter/check",
                "schema_version": 1,
                "verdict": verdict.name.lower(),
                "max_latency_ms": limit_ms,
                "report": report.model_dump(mode="json"),
            }
        )
    else:
        print_report(report, as_json=False)
        data_console().print(sentence(verdict, limit_ms))
    sys.exit(verdict)
