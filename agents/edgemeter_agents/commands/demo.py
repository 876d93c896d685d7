"""`edgemeter demo`: the networks that ship with the project, on every runtime of this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter_agents.commands.options import json_option

if TYPE_CHECKING:
    from edgemeter.measurement import MeasurementReport


@click.command()
@click.option("--local", is_flag=True, help="Measure right here, without a server and an agent.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds inputs and the order of jobs.")
@json_option
def demo(local: bool, seed: int, as_json: bool) -> None:
    """Measure the shipped networks on every installed runtime.

    Two small networks, in fp32 and int8, as ONNX and as TFLite, under the protocol `survey` with a profile of
    their layers. A server and an agent are started for it, in a temporary folder on a free port; the networks
    are handed in over HTTP. `--local` does without them.
    """
    from edgemeter_agents.commands.running import exit_code, print_report

    report = _here(seed) if local else _over_http(seed)
    print_report(report, as_json=as_json)
    sys.exit(exit_code(report))


def _networks() -> list[Path]:
    from edgemeter_agents.networks import SHIPPED, Role

    return [network.path for network in SHIPPED if network.role is Role.DEMO]


def _here(seed: int) -> "MeasurementReport":
    from edgemeter.protocols import SURVEY
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.commands.running import read_networks, run_order

    return run_order(read_networks(_networks(), {}), (), SURVEY, Wishes(seed=seed, layers=True))


def _over_http(seed: int) -> "MeasurementReport":
    from tempfile import TemporaryDirectory

    from edgemeter.cli.output import progress
    from edgemeter_agents.commands.demo_report import measure_over_http
    from edgemeter_agents.commands.demo_service import demo_service

    with (
        TemporaryDirectory(prefix="edgemeter-demo-") as folder,
        progress() as bar,
        demo_service(Path(folder), bar) as client,
    ):
        return measure_over_http(client, _networks(), seed, bar)
