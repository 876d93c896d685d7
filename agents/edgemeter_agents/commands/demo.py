"""`edgemeter demo`: the networks that ship with the project, on every runtime of this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter_agents.commands.options import json_option

if TYPE_CHECKING:
    from edgemeter.measurement import MeasurementReport
    from edgemeter_agents.commands.demo_loop import Loop, NoLoop


@click.command()
@click.option("--local", is_flag=True, help="Measure right here, without a server and an agent.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seeds inputs and the order of jobs.")
@json_option
def demo(local: bool, seed: int, as_json: bool) -> None:
    """Measure the shipped networks on every installed runtime, then profile a search space and predict it.

    Two small networks, in fp32 and int8, as ONNX and as TFLite, under the protocol `survey` with a profile of
    their layers. A server and an agent are started for it, in a temporary folder on a free port; the networks
    are handed in over HTTP. Then the operators of `hurricane` and a few architectures are measured, a
    predictor is fitted, and what it says of others is held against measurements. `--local` only
    measures the networks, without a server.
    """
    from edgemeter_agents.commands.running import exit_code

    report, loop = (_here(seed), None) if local else _over_http(seed)
    _print(report, loop, as_json=as_json)
    sys.exit(exit_code(report))


def _print(report: "MeasurementReport", loop: "Loop | NoLoop | None", *, as_json: bool) -> None:
    from edgemeter.cli.output import data_console
    from edgemeter.cli.tables import print_document
    from edgemeter_agents.commands.demo_loop import document, show_loop
    from edgemeter_agents.commands.running import print_report

    if as_json:
        print_document(
            "demo",
            {"report": report.model_dump(mode="json"), "loop": None if loop is None else document(loop)},
        )
        return
    print_report(report, as_json=False)
    if loop is not None:
        show_loop(data_console(), loop)


def _networks() -> list[Path]:
    from edgemeter_agents.networks import SHIPPED, Role

    return [network.path for network in SHIPPED if network.role is Role.DEMO]


def _here(seed: int) -> "MeasurementReport":
    from edgemeter.protocols import SURVEY
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.commands.running import read_networks, run_order

    return run_order(read_networks(_networks(), {}), (), SURVEY, Wishes(seed=seed, layers=True))


def _over_http(seed: int) -> "tuple[MeasurementReport, Loop | NoLoop]":
    from tempfile import TemporaryDirectory

    from edgemeter.cli.output import progress
    from edgemeter_agents.commands.demo_loop import run_loop
    from edgemeter_agents.commands.demo_report import measure_over_http
    from edgemeter_agents.commands.demo_service import demo_service

    with (
        TemporaryDirectory(prefix="edgemeter-demo-") as folder,
        progress() as bar,
        demo_service(Path(folder), bar) as client,
    ):
        return measure_over_http(client, _networks(), seed, bar), run_loop(client, bar)
