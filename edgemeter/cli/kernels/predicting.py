"""How long the network of a file takes on targets of this machine, by their kernel predictors."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from edgemeter.targets import TargetSelector

if TYPE_CHECKING:
    from edgemeter.kernels.plugins import Bench, KernelEstimate, KernelPredictor, Pricing, ToldBy
    from edgemeter.targets import Target

Shapes = Mapping[str, tuple[int, ...]]
_TOLD_BY: "Final[Mapping[ToldBy, str]]" = {"engine": "the engine", "rules": "learned rules"}


def predict_file(
    name: str,
    targets: Sequence[str],
    shapes: Shapes,
    level: float,
    *,
    parts: bool,
    as_json: bool,
) -> None:
    """Prints an estimate for each target. Raises UsageError for what the user can mend."""
    from edgemeter.cli.tables import print_document
    from edgemeter.kernels.plugins import find_pricing

    file = Path(name)
    if not file.is_file():
        raise click.UsageError(f"there is no file {name}")
    pricing = find_pricing()
    found = [_estimate(pricing, file, words, shapes, level) for words in targets]
    if as_json:
        documents = [{"file": file.name} | _document(*each, level, parts) for each in found]
        print_document("kernel-estimates", {"estimates": documents})
        return
    _print(file.name, found, level)
    for slug, estimate in found if parts else ():
        _print_parts(f"{slug}: {file.name}", estimate)


def _estimate(
    pricing: "Pricing", file: Path, words: str, shapes: Shapes, level: float
) -> "tuple[str, KernelEstimate]":
    """By the kernels that the target's engine tells; where it is not installed, by the predictor's rules."""
    from edgemeter.kernels.places import saved_predictor
    from edgemeter.kernels.plugins import MissingPluginError, SeveralTargetsError, find_bench

    try:
        selector = TargetSelector.parse(words)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        bench = find_bench()
        target = _target(bench, selector, file, shapes)
    except SeveralTargetsError as error:
        raise click.UsageError(str(error)) from None
    except (MissingPluginError, LookupError) as error:
        saved = _saved(selector, file, shapes)
        if len(saved) != 1:
            raise click.UsageError(_not_one(str(error), saved)) from None
        return saved[0], _without_engine(pricing.open(saved_predictor(saved[0])), file, shapes, level)
    if not bench.reads(target, file):
        raise click.UsageError(f"{target.runtime} does not read {file.name}")
    predictor = pricing.open(saved_predictor(target.slug))
    return target.slug, predictor.estimate(bench.kernels(target, file, shapes), level)


def _target(bench: "Bench", selector: TargetSelector, file: Path, shapes: Shapes) -> "Target":
    """Where the words leave the precision open, that of the file decides. Raises as `Bench.target`."""
    from edgemeter.kernels.plugins import SeveralTargetsError

    try:
        return bench.target(selector)
    except SeveralTargetsError:
        if selector.precision is not None:
            raise
        return bench.target(_precise(selector, file, shapes))


def _saved(selector: TargetSelector, file: Path, shapes: Shapes) -> list[str]:
    from edgemeter.kernels.places import saved_targets

    saved = saved_targets(selector)
    if len(saved) > 1 and selector.precision is None:
        return saved_targets(_precise(selector, file, shapes))
    return saved


def _precise(selector: TargetSelector, file: Path, shapes: Shapes) -> TargetSelector:
    from edgemeter.graphs.limited import read_graph_limited
    from edgemeter.graphs.precision import own_precision

    precision = own_precision(read_graph_limited(file, shapes))
    click.echo(f"{file.name} is {precision}: predicted on a target of that precision", err=True)
    return replace(selector, precision=precision)


def _not_one(why: str, saved: Sequence[str]) -> str:
    if not saved:
        return f"{why}; nor is there a kernel predictor of such a target here"
    return f"{why}; of such targets there are several kernel predictors here: {', '.join(saved)}"


def _without_engine(
    predictor: "KernelPredictor", file: Path, shapes: Shapes, level: float
) -> "KernelEstimate":
    from edgemeter.graphs.limited import read_graph_limited
    from edgemeter.kernels.wiring import Wiring

    return predictor.estimate_file(Wiring.of(read_graph_limited(file, shapes)), level)


def _document(slug: str, estimate: "KernelEstimate", level: float, parts: bool) -> dict[str, Any]:
    document = asdict(estimate) | {"target": slug, "level": level, "source": "predicted"}
    if not parts:
        del document["kernels"], document["rest_ms"]
    return document


def _print(name: str, found: "Sequence[tuple[str, KernelEstimate]]", level: float) -> None:
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import interval_title, milliseconds

    rows = [
        (
            name,
            slug,
            milliseconds(each.latency_ms),
            f"{milliseconds(each.low_ms)} to {milliseconds(each.high_ms)}",
            _TOLD_BY[each.told_by],
            ", ".join(each.unknown_operators),
        )
        for slug, each in found
    ]
    heading = (
        "file",
        "target",
        "latency ms#",
        interval_title(level),
        "kernels told by",
        "guessed kernels",
    )
    print_table(heading, rows)


def _print_parts(title: str, estimate: "KernelEstimate") -> None:
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import milliseconds

    rows = [(part.name, part.kind, milliseconds(part.latency_ms)) for part in estimate.kernels]
    rest = ("the rest", "", milliseconds(estimate.rest_ms))
    print_table(("kernel", "kind", "latency ms#"), [*rows, rest], title)
