"""`edgemeter imports`: the tables that `edgemeter import` has handed in."""

from itertools import islice
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, limit_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.group()
def imports() -> None:
    """Others' measurements that were imported: see `edgemeter import`."""


@imports.command("list")
@click.option("--space", "-s", help="Only of this space.")
@limit_option
@json_option
@remote
def list_(client: "Client", space: str | None, limit: int, as_json: bool) -> None:
    """List imported tables, newest first."""
    from edgemeter.cli.tables import dumped, print_document, print_listing

    found = list(islice(client.imports(space=space), limit))
    if as_json:
        print_document("imports", {"imports": dumped(found)})
        return
    columns = ("number#", "space", "rows#", "devices#", "licence", "source", "project", "imported")
    print_listing(
        columns,
        (
            (
                each.id,
                each.space,
                f"{each.rows:,}",
                len(each.devices),
                each.license,
                each.source,
                each.project,
                each.created_at,
            )
            for each in found
        ),
        "Nothing was imported. `edgemeter import FILE` takes a table, `import --sample` a shipped one.",
    )


@imports.command()
@click.argument("import_id", type=click.IntRange(min=1), metavar="NUMBER")
@json_option
@remote
def delete(client: "Client", import_id: int, as_json: bool) -> None:
    """Delete an imported table with all its rows."""
    from edgemeter.cli.tables import print_document

    client.delete_import(import_id)
    if as_json:
        print_document("deleted-import", {"id": import_id})
