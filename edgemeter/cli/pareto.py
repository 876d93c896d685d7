"""`edgemeter metrics` and `edgemeter pareto`: networks compared over several targets."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from edgemeter.cli.parameters import FILE, NumberOfTargetType
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.cli.finalists import Finalist
    from edgemeter.client import Client

Command = Callable[..., None]

_METRICS: Final = "latency_ms, f_avg, f_max, macs, parameters, peak_activation_bytes"


def _comparing(command: Command) -> Command:
    """Adds what both commands ask."""
    for option in reversed(
        (
            click.option(
                "--target",
                "-t",
                "words",
                multiple=True,
                required=True,
                help="Words of targets. May be repeated.",
            ),
            click.option(
                "--metrics",
                "-m",
                metavar="NAMES",
                help=f"With commas between: {_METRICS}; for a front also quality.",
            ),
            click.option(
                "--normaliser",
                "normalisers",
                type=NumberOfTargetType(),
                multiple=True,
                help="What f_avg and f_max divide the latency on TARGET by. Default: MobileNetV1's, as"
                " measured there.",
            ),
            click.option(
                "--weight",
                "weights",
                type=NumberOfTargetType(),
                multiple=True,
                help="How much TARGET counts in f_avg and f_max. Default: 1.",
            ),
            click.option("--level", type=click.FloatRange(0.5, 0.99), default=0.9, show_default=True),
            click.option("--predicted", is_flag=True, help="Predict also what is measured."),
            click.option(
                "--analytic",
                is_flag=True,
                help="Estimate roughly where a target has no predictor; not for a sample.",
            ),
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
        )
    ):
        command = option(command)
    return command


@click.command("metrics")
@click.argument("space", metavar="SPACE")
@click.argument("architectures", nargs=-1, required=True)
@_comparing
@project_option
@json_option
@remote
def metrics(
    client: "Client", space: str, architectures: tuple[str, ...], as_csv: bool, as_json: bool, **asked: Any
) -> None:
    """Compare ARCHITECTURES of a SPACE over targets.

    Prints the latency on each target, measured or predicted; f_avg and f_max, the mean and the largest of the
    latencies divided by MobileNetV1's; and multiply-adds, parameters and the peak of memory.
    """
    from edgemeter.cli.compared import print_compared

    _require_one_form(as_csv=as_csv, as_json=as_json)
    found = client.metrics(space, architectures, **_wanted(client, **asked))
    print_compared(found, as_csv=as_csv, as_json=as_json)


@click.command("pareto")
@click.argument("space", metavar="SPACE")
@click.argument("architectures", nargs=-1)
@click.option(
    "--file", "-f", "file", type=FILE, help="One architecture a line, and after blanks its quality."
)
@click.option(
    "--sample", type=click.IntRange(1, 100_000), metavar="N", help="Of so many random architectures."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the sample.")
@_comparing
@project_option
@json_option
@remote
def pareto(
    client: "Client",
    space: str,
    architectures: tuple[str, ...],
    file: Path | None,
    sample: int | None,
    seed: int,
    as_csv: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Print the Pareto front of architectures of a SPACE, or of a random sample.

    On the front are those that no other one is as good as in all metrics, and better in one. Where not said,
    these are the latencies on each target, multiply-adds and parameters, and the quality where a --file has
    it. A front of predictions flatters: `edgemeter verify` measures what is on it.
    """
    from edgemeter.cli.compared import print_compared

    _require_one_form(as_csv=as_csv, as_json=as_json)
    wanted = _wanted(client, **asked)
    if sample is not None:
        if architectures or file:
            raise click.UsageError("--sample and architectures exclude each other")
        found = client.pareto(space, sample=sample, seed=seed, **wanted)
    else:
        finalists = _finalists(space, architectures, file)
        qualities = [each.quality for each in finalists if each.quality is not None]
        if qualities and wanted["metrics"] is None:
            wanted["metrics"] = ("latency_ms", "macs", "parameters", "quality")
        texts = [each.text for each in finalists]
        found = client.pareto(space, architectures=texts, qualities=qualities, **wanted)
    print_compared(found, as_csv=as_csv, as_json=as_json)


def _require_one_form(*, as_csv: bool, as_json: bool) -> None:
    if as_csv and as_json:
        raise click.UsageError("--json and --csv exclude each other")


def _finalists(space: str, architectures: tuple[str, ...], file: Path | None) -> "list[Finalist]":
    from edgemeter.cli.finalists import read_finalists
    from edgemeter.spaces.subset_files import open_space

    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    return read_finalists(open_space(space), architectures, lines)


def _wanted(
    client: "Client",
    words: tuple[str, ...],
    metrics: str | None,
    normalisers: tuple[tuple[str, float], ...],
    weights: tuple[tuple[str, float], ...],
    level: float,
    predicted: bool,
    analytic: bool,
    project: str | None,
) -> dict[str, Any]:
    """What the client is asked, with the targets that the words name."""
    from edgemeter.client.naming import named_targets, one_target
    from edgemeter.wire.metrics import Metric

    rows = list(client.targets())
    names = None if metrics is None else [name.strip() for name in metrics.split(",")]
    for name in names or ():
        if name not in set(Metric):
            more = ": energy is measured on no target yet" if name.startswith("energy") else ""
            raise click.UsageError(f"there is no metric {name!r}{more}; there are {', '.join(Metric)}")
    targets = named_targets(rows, words)
    chosen = [row for row in rows if row.slug in targets] or rows
    return {
        "targets": targets,
        "metrics": names,
        "normalisers_ms": {one_target(chosen, target): ms for target, ms in normalisers},
        "weights": {one_target(chosen, target): weight for target, weight in weights},
        "level": level,
        "measured": not predicted,
        "analytic": analytic,
        "project": project,
    }
