"""Options of commands that compare networks over several targets."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

from edgemeter.cli.parameters import NumberOfTargetType

if TYPE_CHECKING:
    from edgemeter.client import Client

Command = Callable[..., Any]

_METRICS: Final = "latency_ms, f_avg, f_max, macs, parameters, peak_activation_bytes"


def comparing(command: Command) -> Command:
    """Adds what is asked of targets and metrics: the arguments of `wanted_of`, but for the project."""
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
        )
    ):
        command = option(command)
    return command


def wanted_of(
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
