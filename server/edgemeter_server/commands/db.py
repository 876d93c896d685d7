"""`edgemeter db`: the schema of the service's database."""

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.output import print_json
from edgemeter_server.commands.failures import told
from edgemeter_server.commands.options import database_options, settings_from


@click.group()
def db() -> None:
    """Look after the service's database."""


@db.command()
@database_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def upgrade(data_folder: Path | None, database_url: str | None, as_json: bool) -> None:
    """Bring the schema to this version, whole or not at all.

    SQLite is also upgraded by `edgemeter serve`. A copy of its file is put aside first.
    """
    import asyncio

    from edgemeter_server.database import opening

    with told():
        done = asyncio.run(opening.upgrade(settings_from(data_folder=data_folder, database_url=database_url)))
    document = {"before": done.before, "after": done.after, "copy": str(done.copy) if done.copy else None}
    _show(document, f"schema {done.before or 'none'} -> {done.after}", as_json)


@db.command()
@database_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(data_folder: Path | None, database_url: str | None, as_json: bool) -> None:
    """Tell whether the schema is of this version. Exit code 4 when it is not."""
    import asyncio

    from edgemeter_server.database import opening
    from edgemeter_server.database.schema import SchemaState, head

    with told():
        state = asyncio.run(opening.state(settings_from(data_folder=data_folder, database_url=database_url)))
    _show({"state": state.value, "newest": head()}, f"schema is {state}; the newest is {head()}", as_json)
    if state is not SchemaState.CURRENT:
        sys.exit(Exit.FAILED)


def _show(document: dict[str, Any], line: str, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(line)
