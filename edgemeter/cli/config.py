"""`edgemeter config`: every setting, and where its value came from."""

from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from rich.console import Console


@click.group()
def config() -> None:
    """Settings: flag > environment > project file > user file > default."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(as_json: bool) -> None:
    """Show every setting of every installed part, and where its value came from.

    Settings stand in sections of `edgemeter.toml` in this folder or one above, and of the user's
    `config.toml`; their variables read EDGEMETER_SECTION_NAME. Secrets are never shown.
    """
    from edgemeter.cli.output import data_console, print_json
    from edgemeter.config import Places
    from edgemeter.config.sections import installed_sections
    from edgemeter.config.showing import document

    places = Places.of_this_process()
    found = document(installed_sections(), places)
    if as_json:
        print_json(found)
    else:
        _show(data_console(), found, str(places.user_file))


def _show(console: "Console", document: dict[str, Any], user_file: str) -> None:
    from rich import box
    from rich.table import Table

    from edgemeter.cli.text import plain

    for name, section in document["sections"].items():
        table = Table(title=f"\\[{name}]", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("setting", "value", "from"):
            table.add_column(column, overflow="fold")
        for setting, row in section.items():
            value = "" if row["value"] is None else plain(str(row["value"]), 200)
            origin = plain(f"{row['from']} {row['where']}".rstrip(), 200)
            table.add_row(setting, value, f"[dim]{origin}[/]" if row["from"] == "default" else origin)
        console.print(table)
    if not document["files"]:
        console.print(f"[dim]No file of settings was found. Yours would be {plain(user_file, 200)}[/]")
    for ignored in document["ignored"]:
        console.print(f"[yellow]Not used: {plain(ignored, 200)}[/]")
