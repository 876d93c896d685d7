"""The demo's second half: a search space is profiled, a predictor fitted, and its word held against
measurements that it has not seen.
"""

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from edgemeter.cli.campaigns import follow
from edgemeter.cli.output import Progress
from edgemeter.cli.text import milliseconds
from edgemeter.client import Client
from edgemeter.wire.campaigns import CampaignPlan, LatencyRow, Purpose
from edgemeter.wire.estimates import ArchitectureEstimate
from edgemeter.wire.predictors import PredictorDocument

SPACE = "hurricane"
#: A first campaign: enough to see how far a predictor errs, little enough to watch.
ARCHITECTURES, TESTS = 12, 6
_TARGET = ".cpu.onnxruntime-"
_TEXT_SIGNS = 48


@dataclass(frozen=True, slots=True)
class Loop:
    """`pairs`: test architectures as they were measured, and as they were predicted."""

    predictor: PredictorDocument
    pairs: tuple[tuple[LatencyRow, ArchitectureEstimate], ...]


def run_loop(client: Client, bar: Progress) -> Loop | None:
    """None where this machine has no target for it, which is told. Raises FitFailedError."""
    target = _target(client)
    if target is None:
        bar.note("no ONNX Runtime in fp32 here: the part with a search space is left out")
        return None
    bar.note(f"profiling {SPACE} on {target}: all operators, {ARCHITECTURES + TESTS} architectures")
    plan = CampaignPlan(space=SPACE, targets=(target,), architectures=ARCHITECTURES, test=TESTS, repeats=0)
    follow(client, client.create_campaign(plan), bar)
    bar.note("fitting a predictor")
    predictor = client.fit(SPACE, target)
    tests = [row for row in client.architecture_table(target, SPACE).rows if row.purpose is Purpose.TEST]
    found = client.estimates(SPACE, [row.text for row in tests], target, measured=False) if tests else ()
    return Loop(predictor, tuple(zip(tests, found, strict=True)))


def document(loop: Loop) -> dict[str, Any]:
    """For JSON."""
    pairs = [
        {"measured": measured.model_dump(mode="json"), "predicted": predicted.model_dump(mode="json")}
        for measured, predicted in loop.pairs
    ]
    return {"predictor": loop.predictor.model_dump(mode="json"), "tests": pairs}


def show_loop(console: Console, loop: Loop) -> None:
    from rich import box
    from rich.table import Table

    predictor = loop.predictor
    console.print(
        f"\n[bold]Predicted against measured[/], {SPACE} on {predictor.target}: {predictor.model}, from"
        f" {predictor.operators} operators and {predictor.networks} architectures"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("architecture, not seen by the fit")
    for column in ("measured ms", "predicted ms", "90 % interval", "error"):
        table.add_column(column, justify="right")
    for measured, predicted in loop.pairs:
        table.add_row(*_row(measured, predicted))
    console.print(table)


def _row(measured: LatencyRow, predicted: ArchitectureEstimate) -> tuple[str, ...]:
    interval = predicted.interval
    inside = interval.low_ms <= measured.latency_ms <= interval.high_ms
    words = measured.text.partition(":")[2]
    return (
        words if len(words) <= _TEXT_SIGNS else words[: _TEXT_SIGNS - 4] + " ...",
        milliseconds(measured.latency_ms),
        milliseconds(predicted.latency_ms),
        f"{milliseconds(interval.low_ms)} to {milliseconds(interval.high_ms)}{'' if inside else ' (missed)'}",
        f"{predicted.latency_ms / measured.latency_ms - 1:+.1%}",
    )


def _target(client: Client) -> str | None:
    slugs = (row.slug for row in client.targets() if row.available)
    return next((slug for slug in slugs if _TARGET in slug and slug.endswith(".fp32.t1.b1")), None)
