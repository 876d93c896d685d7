"""`edgemeter capabilities`: which operators a target runs on its own processor."""

from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.campaigns import Capabilities


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--space", "-s", default="hurricane", show_default=True, help="Whose operators: its name, or its file."
)
@click.option("--stored", is_flag=True, help="Tell only what is known; measure nothing.")
@project_option
@json_option
@remote
def capabilities(
    client: "Client", targets: tuple[str, ...], space: str, stored: bool, project: str | None, as_json: bool
) -> None:
    """Tell which operators of a space a TARGET runs: fully on its own processor, partially, or not at all.

    From what its runtime shows, not from a list: operators that were not measured yet are measured first. A
    target is of one precision; words such as `litert` name those of all its precisions.
    """
    from edgemeter.cli import campaigns
    from edgemeter.cli.tables import dumped, print_document
    from edgemeter.client.generated import plan_of
    from edgemeter.client.naming import named_targets

    slugs = named_targets(list(client.targets()), targets)
    if not stored:
        plan = plan_of(space, targets=slugs, architectures=0, test=0, repeats=0)
        campaigns.watch(client, campaigns.begun(client, plan, project))
    found = [client.capabilities(slug, space) for slug in slugs]
    if as_json:
        print_document("capabilities", {"capabilities": dumped(found)})
        return
    _print(found)


def _print(found: "list[Capabilities]") -> None:
    from edgemeter.cli.output import data_console
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import plain
    from edgemeter.wire.campaigns import Support

    for number, each in enumerate(found, 1):
        data_console().print(f"[bold]{number}[/] {plain(each.target, 160)}")
    operators = dict.fromkeys(operator for each in found for operator in each.operators)
    print_table(
        ("operator", *map(str, range(1, len(found) + 1))),
        (
            (operator, *(each.operators.get(operator, Support.UNKNOWN).value for each in found))
            for operator in operators
        ),
    )
    for each in found:
        doubtful = [row for row in each.contexts if row.support not in (Support.FULL, Support.UNKNOWN)]
        for row in doubtful[:10]:
            data_console().print(f"[yellow]{plain(row.key)}[/]: {row.support}: {plain(row.evidence, 200)}")
