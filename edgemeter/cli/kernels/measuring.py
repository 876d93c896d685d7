"""`edgemeter kernels measure`: the campaign that a kernel predictor is fitted from."""

import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.kernels.priority import priority_option
from edgemeter.cli.kernels.targets import found_target, target_option
from edgemeter.targets import TargetSelector

if TYPE_CHECKING:
    from edgemeter.cli.output import Progress
    from edgemeter.kernels.campaign import Campaign, Row
    from edgemeter.kernels.files import CampaignFile
    from edgemeter.kernels.plugins import Bench, MeasuredNetwork
    from edgemeter.targets import Target

#: Networks that are measured together, with one pair of anchors: about ten seconds.
_BATCH: Final = 40
#: Batches that other load has spoilt as a whole, before the command gives up.
_SPARE_BATCHES: Final = 10


@click.command()
@target_option
@click.option(
    "--networks",
    type=click.IntRange(1, 20_000),
    default=1_000,
    show_default=True,
    help="How many small networks to measure in all; those that are done count.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop after about so long. The same command goes on from there.",
)
@click.option(
    "--readings",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="How often to measure those networks that the predictor is judged by; the last times at the end.",
)
@click.option(
    "--active",
    is_flag=True,
    help="Choose the networks that the target's predictor would learn most from; `kernels fit` makes it.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws the networks.")
@priority_option
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The campaign's file. Default: one for each target in EdgeMeter's state folder.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def measure(
    selector: TargetSelector,
    networks: int,
    minutes: float | None,
    readings: int,
    active: bool,
    seed: int,
    priority: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Measure sampled kernels in small networks, for a predictor of any network.

    Everything is kept as it comes: broken off, the same command goes on where it was. On a host that others
    use, the same command with one more of --readings, hours later, tells the predictor what hours differ by.
    """
    from edgemeter.kernels.campaign import CAMPAIGN_PROTOCOL, Heading, read_campaign, start_campaign
    from edgemeter.kernels.files import campaign_files, left_to_measure
    from edgemeter.kernels.places import campaign_path
    from edgemeter.kernels.plugins import find_bench
    from edgemeter.protocols import versioned

    bench = find_bench()
    target = found_target(bench, selector)
    path = output or campaign_path(target.slug)
    version = bench.engine_version(target)
    protocol = versioned(CAMPAIGN_PROTOCOL.name, CAMPAIGN_PROTOCOL.version)
    campaign = start_campaign(path, Heading(target.slug, version, protocol, seed))
    file_format: Literal["onnx", "tflite"] = "onnx" if bench.reads(target, Path("a.onnx")) else "tflite"
    planned = list(campaign_files(seed, networks, file_format, target.precision))
    if active:
        planned = _chosen(target, planned, campaign)
    waiting = deque(left_to_measure(planned, campaign.readings, readings))
    ends_at = time.monotonic() + 60 * (minutes or float("inf"))
    _go_on(bench, target, path, waiting, campaign.batches, priority, ends_at)
    _print_progress(read_campaign(path), path, networks, as_json=as_json)
    sys.exit(Exit.UNFINISHED if waiting else Exit.OK)


def _go_on(
    bench: "Bench",
    target: "Target",
    path: Path,
    waiting: "deque[CampaignFile]",
    number: int,
    priority: str,
    ends_at: float,
) -> None:
    """Takes batches off `waiting`, the first of this number, and writes them to the campaign's file."""
    from edgemeter.cli.output import progress
    from edgemeter.kernels.campaign import append_rows

    spare = _SPARE_BATCHES
    while waiting and spare and time.monotonic() < ends_at:
        left, batch = len(waiting), _next_batch(waiting)
        click.echo(f"batch {number + 1}: {len(batch)} of {left} measurements that are left", err=True)
        with progress() as bar:  # counts the visits of one batch
            done = _measured(bench, target, batch, priority, number, bar)
        append_rows(path, done)
        names = {row.network for row in done}
        waiting.extend(file for file in batch if file.name not in names)
        number, spare = (number + 1, spare) if done else (number, spare - 1)


def _print_progress(campaign: "Campaign", path: Path, asked: int, *, as_json: bool) -> None:
    from edgemeter.cli.output import print_json

    usable = sum(row.usable for row in campaign.rows)
    click.echo(f"{usable} of {len(campaign.rows)} measurements are usable, in {path}", err=True)
    if as_json:
        print_json(
            {
                "schema_name": "edgemeter/kernel-campaign-progress",
                "schema_version": 1,
                "target": campaign.heading.target,
                "file": str(path),
                "asked": asked,
                "done": len(campaign.readings),
                "measurements": len(campaign.rows),
                "usable": usable,
            }
        )


def _chosen(
    target: "Target", planned: "Sequence[CampaignFile]", campaign: "Campaign"
) -> "list[CampaignFile]":
    from edgemeter.kernels.active import chosen_files
    from edgemeter.kernels.places import saved_predictor
    from edgemeter.kernels.plugins import find_pricing

    predictor = find_pricing().open(saved_predictor(target.slug))
    click.echo(f"choosing by what the predictor of {target.slug} knows least", err=True)
    return chosen_files(predictor, planned, campaign.readings)


def _next_batch(waiting: "deque[CampaignFile]") -> "list[CampaignFile]":
    """Networks to learn from and networks to judge by are measured by protocols of their own; none twice."""
    batch = [waiting.popleft()]
    while waiting and len(batch) < _BATCH and _fits(waiting[0], batch):
        batch.append(waiting.popleft())
    return batch


def _fits(file: "CampaignFile", batch: "Sequence[CampaignFile]") -> bool:
    return file.judging is batch[0].judging and file not in batch


def _measured(
    bench: "Bench",
    target: "Target",
    batch: "Sequence[CampaignFile]",
    priority: str,
    number: int,
    bar: "Progress",
) -> "list[Row]":
    """What other load has spoilt is left out: it waits for its turn again."""
    from edgemeter.graphs.reading import read_graph
    from edgemeter.kernels.campaign import CAMPAIGN_JUDGING_PROTOCOL, CAMPAIGN_PROTOCOL

    with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
        files = [Path(folder) / file.name for file in batch]
        for path, file in zip(files, batch, strict=True):
            path.write_bytes(file.content())
        protocol = CAMPAIGN_JUDGING_PROTOCOL if batch[0].judging else CAMPAIGN_PROTOCOL
        found = bench.measure(target, files, protocol, bar, priority=priority, seed=number, profiled=True)
        return [
            replace(_row(each, number, found.anchors_ms, batch[0].judging), source=read_graph(each.file))
            for each in found.networks
            if not each.contended
        ]


def _row(
    measured: "MeasuredNetwork", batch: int, anchors_ms: tuple[float, float] | None, judging: bool
) -> "Row":
    from edgemeter.kernels.campaign import Row

    return Row(
        network=measured.file.name,
        batch=batch,
        latency_ms=measured.latency_ms,
        raw_ms=measured.raw_ms,
        valid=measured.valid,
        reasons=measured.reasons,
        graph=measured.graph,
        anchors_ms=anchors_ms,
        failure=measured.failure,
        judging=judging,
    )
