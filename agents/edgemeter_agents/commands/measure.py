"""`edgemeter measure`: networks on targets of this machine."""

import sys
from pathlib import Path

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.targets import TargetSelector
from edgemeter_agents.batches.priority_wish import PriorityWish
from edgemeter_agents.commands.options import json_option, measuring_options, targets_option


@click.command()
@click.argument("files", type=FILE, nargs=-1, required=True, metavar="FILE...")
@targets_option
@measuring_options
@click.option("--layers", is_flag=True, help="Profile each executed kernel too, in a run of its own.")
@click.option("--memory", is_flag=True, help="Measure peak memory too, in a process of its own.")
@click.option(
    "--sustained",
    "sustained_s",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Measure the latency at the end of so many seconds without a rest too.",
)
@click.option(
    "--streams",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Measure the throughput of N sessions at once too.",
)
@click.option(
    "--start-temperature",
    "start_temperature_c",
    type=float,
    metavar="CELSIUS",
    help="Let the device cool down to this before each visit.",
)
@json_option
def measure(
    files: tuple[Path, ...],
    targets: tuple[TargetSelector, ...],
    protocol_name: str,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    inputs_file: Path | None,
    priority: PriorityWish,
    timeout_s: float,
    memory_limit_mib: int,
    seed: int,
    layers: bool,
    memory: bool,
    sustained_s: float | None,
    streams: int | None,
    start_temperature_c: float | None,
    as_json: bool,
) -> None:
    """Measure networks (ONNX or TFLite) on this machine.

    Prints the latency of each network on each target, with the interval in which another session's value is
    expected with 90 % probability, and says in words where a value is doubtful.
    """
    from edgemeter.protocols import PROTOCOLS
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.commands.running import (
        exit_code,
        job_limits,
        print_report,
        read_networks,
        run_order,
    )

    networks = read_networks(files, dict(shapes), inputs_file)
    wishes = Wishes(
        seed=seed,
        priority=priority,
        limits=job_limits(timeout_s, memory_limit_mib),
        layers=layers,
        memory=memory,
        sustained_s=sustained_s,
        streams=streams,
        start_temperature_c=start_temperature_c,
    )
    report = run_order(networks, targets, PROTOCOLS[protocol_name], wishes)
    print_report(report, as_json=as_json, layers=layers)
    sys.exit(exit_code(report))
