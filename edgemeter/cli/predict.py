"""`edgemeter predict`: how long architectures take on targets, without measuring them."""

from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.estimates import ArchitectureEstimate


@click.command()
@click.argument("space")
@click.argument("architectures", nargs=-1, required=True)
@click.option(
    "--target", "-t", "targets", multiple=True, required=True, help="Words of targets. May be repeated."
)
@click.option("--level", type=click.FloatRange(0.5, 0.99), default=0.9, show_default=True)
@click.option("--parts", is_flag=True, help="Say how much each layer takes.")
@click.option("--predicted", is_flag=True, help="Predict also what is measured.")
@click.option(
    "--measure-above",
    type=click.FloatRange(min=0, min_open=True),
    help="Measure what is predicted with a wider interval than this share of it, 0.2 for example.",
)
@project_option
@json_option
@remote
def predict(
    client: "Client",
    space: str,
    architectures: tuple[str, ...],
    targets: tuple[str, ...],
    level: float,
    parts: bool,
    predicted: bool,
    measure_above: float | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Say how long ARCHITECTURES of a SPACE take: measured where they were, else predicted.

    An architecture is written as `edgemeter space sample` prints it.
    """
    from edgemeter.cli.tables import dumped, print_document, print_table
    from edgemeter.client.naming import named_targets

    found = client.estimates(
        space,
        architectures,
        named_targets(list(client.targets()), targets),
        level=level,
        parts=parts,
        measured=not predicted,
        measure_above=measure_above,
        project=project,
    )
    if as_json:
        print_document("estimates", {"estimates": dumped(found)})
        return
    print_table(("architecture", "target", "latency#", "interval", "source", "request#"), map(_row, found))
    for each in found if parts else ():
        _print_parts(each)


def _row(each: "ArchitectureEstimate") -> tuple[object, ...]:
    from edgemeter.cli.text import milliseconds

    interval = f"{milliseconds(each.interval.low_ms)} to {milliseconds(each.interval.high_ms)}"
    return (
        each.architecture,
        each.target,
        milliseconds(each.latency_ms),
        interval,
        each.source,
        each.request_id,
    )


def _print_parts(each: "ArchitectureEstimate") -> None:
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import milliseconds

    if each.parts is None:
        return
    rows = [(part.layer, milliseconds(part.latency_ms)) for part in each.parts]
    print_table((each.architecture, "latency#"), [*rows, ("the rest", milliseconds(each.rest_ms or 0.0))])
