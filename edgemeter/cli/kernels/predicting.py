"""How long the network of a file takes on targets of this machine, by their kernel predictors."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.kernels.targets import found_target
from edgemeter.targets import TargetSelector

if TYPE_CHECKING:
    from edgemeter.kernels.plugins import Bench, KernelEstimate, Pricing


def predict_file(
    name: str,
    targets: Sequence[str],
    shapes: Mapping[str, tuple[int, ...]],
    level: float,
    *,
    parts: bool,
    as_json: bool,
) -> None:
    """Prints an estimate for each target. Raises UsageError for what the user can mend."""
    from edgemeter.cli.tables import print_document
    from edgemeter.kernels.plugins import find_bench, find_pricing

    file = Path(name)
    if not file.is_file():
        raise click.UsageError(f"there is no file {name}")
    bench, pricing = find_bench(), find_pricing()
    found = [_estimate(bench, pricing, file, words, shapes, level) for words in targets]
    if as_json:
        print_document("kernel-estimates", {"estimates": [_document(*each, level, parts) for each in found]})
        return
    _print(file.name, found, level)
    for slug, estimate in found if parts else ():
        _print_parts(slug, estimate)


def _estimate(
    bench: "Bench",
    pricing: "Pricing",
    file: Path,
    words: str,
    shapes: Mapping[str, tuple[int, ...]],
    level: float,
) -> "tuple[str, KernelEstimate]":
    from edgemeter.kernels.places import saved_predictor

    try:
        target = found_target(bench, TargetSelector.parse(words))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if not bench.reads(target, file):
        raise click.UsageError(f"{target.runtime} does not read {file.name}")
    predictor = pricing.open(saved_predictor(target.slug))
    return target.slug, predictor.estimate(bench.kernels(target, file, shapes), level)


def _document(slug: str, estimate: "KernelEstimate", level: float, parts: bool) -> dict[str, Any]:
    document = asdict(estimate) | {"target": slug, "level": level, "source": "predicted"}
    if not parts:
        del document["kernels"], document["rest_ms"]
    return document


def _print(name: str, found: "Sequence[tuple[str, KernelEstimate]]", level: float) -> None:
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import milliseconds

    rows = [
        (
            name,
            slug,
            milliseconds(each.latency_ms),
            f"{milliseconds(each.low_ms)} to {milliseconds(each.high_ms)}",
            ", ".join(each.unknown_operators),
        )
        for slug, each in found
    ]
    print_table(("file", "target", "latency#", f"{level:.0%} interval", "guessed kernels"), rows)


def _print_parts(slug: str, estimate: "KernelEstimate") -> None:
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import milliseconds

    rows = [(part.name, part.kind, milliseconds(part.latency_ms)) for part in estimate.kernels]
    print_table((slug, "kernel", "latency#"), [*rows, ("the rest", "", milliseconds(estimate.rest_ms))])
