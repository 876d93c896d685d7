"""`edgemeter targets`: what this machine offers, and what it permits."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter_agents.commands.options import json_option

if TYPE_CHECKING:
    from rich.console import Console


@click.command()
@json_option
def targets(as_json: bool) -> None:
    """List the targets of this machine, with versions, and what is permitted here.

    Real-time priority, pinning and run-queue delays decide how well latency repeats. Where one is missing,
    the command that would permit it is shown.
    """
    from edgemeter.cli.output import data_console, print_json
    from edgemeter_agents.batches.machine import machine_document

    document = machine_document()
    if as_json:
        print_json(document)
    else:
        _show(data_console(), document)


def _show(console: "Console", document: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table

    device = document["device"]
    console.print(f"[bold]{device['name']}[/]: {', '.join(device['cpu_models']) or 'unknown processor'}")
    offered = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("target", "runtime", "version", "reads"):
        offered.add_column(title)
    for target in document["targets"]:
        offered.add_row(target["slug"], target["runtime"], target["version"], ", ".join(target["formats"]))
    console.print(offered)
    for name, line in document["missing"].items():
        console.print(f"[dim]{name} is not installed: {line}[/]")
    permitted = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("", "permitted", "", "to permit it"):
        permitted.add_column(title)
    for name, permission in document["permissions"].items():
        answer = "yes" if permission["permitted"] else "no"
        permitted.add_row(name, answer, permission["reason"], permission["remedy"] or "")
    console.print(permitted)
