"""The demo's second half: a search space is profiled, a predictor fitted, and its word held against
measurements that it has not seen.
"""

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from edgemeter.cli.campaigns import follow
from edgemeter.cli.output import Progress
from edgemeter.cli.text import milliseconds, plain
from edgemeter.client import Client
from edgemeter.client.predicting import FitFailedError
from edgemeter.wire.campaigns import CampaignDocument, CampaignPlan, LatencyRow, Purpose
from edgemeter.wire.estimates import ArchitectureEstimate
from edgemeter.wire.predictors import PredictorDocument

SPACE = "hurricane"
#: A first campaign: enough to see how far a predictor errs, little enough to watch.
ARCHITECTURES, TESTS = 12, 6
#: What an unsteady machine disturbs is measured anew, as far as that keeps the demo below five minutes.
_BUDGET_S = 180.0
_TARGET = ".cpu.onnxruntime-"
_TEXT_SIGNS = 48
_REASON_SIGNS = 1000


@dataclass(frozen=True, slots=True)
class Loop:
    """`pairs`: test architectures as they were measured, and as they were predicted."""

    predictor: PredictorDocument
    pairs: tuple[tuple[LatencyRow, ArchitectureEstimate], ...]


@dataclass(frozen=True, slots=True)
class NoLoop:
    """`reason` says why there is none on this machine, or not now."""

    reason: str


def run_loop(client: Client, bar: Progress) -> Loop | NoLoop:
    target = _target(client)
    if target is None:
        return NoLoop("This machine offers no ONNX Runtime in fp32 to profile a search space on.")
    bar.note(f"profiling {SPACE} on {target}: all operators, {ARCHITECTURES + TESTS} architectures")
    plan = CampaignPlan(
        space=SPACE,
        targets=(target,),
        architectures=ARCHITECTURES,
        test=TESTS,
        repeats=0,
        budget_s=_BUDGET_S,
    )
    campaign = follow(client, client.create_campaign(plan), bar)
    bar.note("fitting a predictor")
    try:
        predictor = client.fit(SPACE, target)
    except FitFailedError as error:
        return NoLoop(_too_unsteady(campaign, error))
    tests = [row for row in client.architecture_table(target, SPACE).rows if row.purpose is Purpose.TEST]
    found = client.estimates(SPACE, [row.text for row in tests], target, measured=False) if tests else ()
    return Loop(predictor, tuple(zip(tests, found, strict=True)))


def _too_unsteady(campaign: CampaignDocument, error: FitFailedError) -> str:
    counts = [counts for target in campaign.targets for counts in target.counts.values()]
    measured, invalid = sum(each.measured for each in counts), sum(each.invalid for each in counts)
    return (
        f"No predictor: {invalid} of {measured} measurements of {SPACE} were disturbed, also when they were"
        " repeated, and predictors are fitted from undisturbed ones only. Stop other work on this machine and"
        f" run it again; on one of your own, `edgemeter campaign resume` goes on. ({error})"
    )


def document(loop: Loop | NoLoop) -> dict[str, Any]:
    """For JSON."""
    if isinstance(loop, NoLoop):
        return {"predictor": None, "tests": [], "reason": loop.reason}
    pairs = [
        {"measured": measured.model_dump(mode="json"), "predicted": predicted.model_dump(mode="json")}
        for measured, predicted in loop.pairs
    ]
    return {"predictor": loop.predictor.model_dump(mode="json"), "tests": pairs}


def show_loop(console: Console, loop: Loop | NoLoop) -> None:
    from rich import box
    from rich.table import Table

    if isinstance(loop, NoLoop):
        console.print(f"\n[yellow]{plain(loop.reason, _REASON_SIGNS)}[/]")
        return
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
