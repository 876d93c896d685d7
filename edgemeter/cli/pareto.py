"""`edgemeter metrics` and `edgemeter pareto`: networks compared over several targets."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.comparing import comparing, wanted_of
from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.cli.finalists import Finalist
    from edgemeter.client import Client

csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")


@click.command("metrics")
@click.argument("space", metavar="SPACE")
@click.argument("architectures", nargs=-1, required=True)
@comparing
@csv_option
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
    found = client.metrics(space, architectures, **wanted_of(client, **asked))
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
@comparing
@csv_option
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
    if not (architectures or file or sample):
        raise click.UsageError("name architectures, a --file of them, or how many to --sample")
    wanted = wanted_of(client, **asked)
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
