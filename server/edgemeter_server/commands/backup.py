"""`edgemeter backup` and `edgemeter restore`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.output import print_json
from edgemeter_server.commands.failures import told
from edgemeter_server.commands.options import database_options, settings_from

if TYPE_CHECKING:
    from edgemeter_server.operations.archive import Manifest

_NEW = click.Path(exists=False, dir_okay=False, writable=True, path_type=Path)
_OLD = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command()
@click.argument("file", type=_NEW)
@database_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def backup(file: Path, data_folder: Path | None, database_url: str | None, as_json: bool) -> None:
    """Copy database and artifacts into FILE while the service runs.

    FILE is read back and checked before it gets its name. Exit code 4 when artifacts were missing or damaged.
    """
    import asyncio

    from edgemeter_server.operations.backup import back_up

    if file.exists():
        raise click.BadParameter(f"{file} is there already", param_hint="FILE")
    with told():
        manifest = asyncio.run(
            back_up(settings_from(data_folder=data_folder, database_url=database_url), file)
        )
    _show(manifest, f"{file}: schema {manifest.revision}, {manifest.artifacts} artifacts", as_json)
    if manifest.missing:
        sys.exit(Exit.FAILED)


@click.command()
@click.argument("file", type=_OLD)
@database_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def restore(file: Path, data_folder: Path | None, database_url: str | None, as_json: bool) -> None:
    """Fill an empty data folder, or an empty PostgreSQL, from the backup FILE.

    Agents drop the leases they held: what they were measuring is measured again.
    """
    import asyncio

    from edgemeter_server.operations.restore import restore as put_back

    with told():
        manifest = asyncio.run(
            put_back(settings_from(data_folder=data_folder, database_url=database_url), file)
        )
    _show(manifest, f"restored: schema {manifest.revision}, {manifest.artifacts} artifacts", as_json)


def _show(manifest: "Manifest", line: str, as_json: bool) -> None:
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    click.echo(line)
    for sha256 in manifest.missing:
        click.echo(f"missing or damaged: {sha256}", err=True)
