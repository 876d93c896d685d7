"""`edgemeter recipes`: networks that agents build from a code."""

from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.group()
def recipes() -> None:
    """Networks that agents build from a code: see `edgemeter profile`."""


@recipes.command()
@click.argument("sha256")
@json_option
@remote
def reset(client: "Client", sha256: str, as_json: bool) -> None:
    """Forget a wrong first build of the recipe SHA256, and delete what was measured of it. For admins.

    The file that the first agent builds of a recipe is what all others are held against. After this the next
    one is: upgrade the agent that built the wrong one before.
    """
    from edgemeter.cli.tables import print_document, print_facts

    done = client.reset_recipe(sha256)
    if as_json:
        print_document("reset-recipe", done.model_dump(mode="json"))
        return
    print_facts(
        (
            ("recipe", done.recipe),
            ("forgotten file", done.file_sha256),
            ("deleted measurements", f"{done.measurements:,}"),
        )
    )
