"""`edgemeter compare`: which of two networks is faster on a target, and by how much?"""

import sys
from dataclasses import asdict
from pathlib import Path

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.parameters import FILE, ShapeType
from edgemeter.targets import TargetSelector
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.commands.options import json_option, target_option


@click.command()
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@target_option
@click.option(
    "--visits",
    type=click.IntRange(3, 200),
    default=10,
    show_default=True,
    help="How often both are measured side by side, in turn and in one process each time.",
)
@click.option(
    "--priority",
    type=click.Choice(PriorityWish, case_sensitive=False),
    default=PriorityWish.AUTO,
    show_default=True,
)
@click.option(
    "--shape",
    "shapes",
    type=ShapeType(),
    multiple=True,
    help="Bind a dynamic input of both networks, for example `--shape image=1,3,224,224`.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds inputs and the order of jobs.")
@json_option
def compare(
    a: Path,
    b: Path,
    target: TargetSelector,
    visits: int,
    priority: PriorityWish,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    seed: int,
    as_json: bool,
) -> None:
    """Compare two networks on one target.

    Both are measured in the same visits, so that what disturbs one disturbs the other. Prints B's latency
    over A's with a 95 % interval, and says so when the visits cannot tell. Differences below 2 % never count.
    """
    from edgemeter.cli.output import data_console, print_json
    from edgemeter.protocols import SURVEY
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.commands.ratio import compared, sentence
    from edgemeter_agents.commands.running import (
        print_report,
        read_networks,
        require_single_target,
        run_order,
    )

    protocol = SURVEY.evolve(visits=visits, min_timed_s=0.1)
    networks = read_networks([a, b], dict(shapes))
    require_single_target(networks, target)
    report = run_order(networks, [target], protocol, Wishes(seed=seed, priority=priority))
    comparison = compared(report)
    if as_json:
        document = None if comparison is None else asdict(comparison)
        print_json(
            {
                "schema_name": "edgemeter/comparison",
                "schema_version": 1,
                "comparison": document,
                "report": report.model_dump(mode="json"),
            }
        )
    else:
        print_report(report, as_json=False)
        data_console().print(sentence(comparison, a.name, b.name))
    sys.exit(Exit.FAILED if comparison is None else Exit.OK)
