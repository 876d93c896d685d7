"""`edgemeter demo`: the networks that ship with the project, on every runtime of this machine."""

import sys

import rich_click as click

from edgemeter_agents.commands.options import json_option


@click.command()
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds inputs and the order of jobs.")
@json_option
def demo(seed: int, as_json: bool) -> None:
    """Measure the shipped networks on every installed runtime.

    Two small networks, in fp32 and int8, as ONNX and as TFLite, under the protocol `survey` with a profile of
    their layers.
    """
    from edgemeter.protocols import SURVEY
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.commands.running import exit_code, print_report, read_networks, run_order
    from edgemeter_agents.networks import SHIPPED, Role

    files = [network.path for network in SHIPPED if network.role is Role.DEMO]
    report = run_order(read_networks(files, {}), (), SURVEY, Wishes(seed=seed, layers=True))
    print_report(report, as_json=as_json)
    sys.exit(exit_code(report))
