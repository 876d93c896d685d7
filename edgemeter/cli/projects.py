"""`edgemeter projects`: whose models and measurements they are."""

from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.group()
def projects() -> None:
    """Projects: each has its own models and measurements."""


@projects.command("list")
@json_option
@remote
def list_(client: "Client", as_json: bool) -> None:
    """List the projects that the token sees."""
    from edgemeter.cli.tables import dumped, print_document, print_table

    found = list(client.projects())
    if as_json:
        print_document("projects", {"projects": dumped(found)})
        return
    print_table(("project", "private", "created"), ((p.slug, p.private, p.created_at) for p in found))


@projects.command()
@click.argument("slug")
@click.option("--private", is_flag=True, help="Its models and measurements are seen by its own tokens only.")
@json_option
@remote
def create(client: "Client", slug: str, private: bool, as_json: bool) -> None:
    """Make a project called SLUG. For admins."""
    from edgemeter.cli.tables import print_document

    project = client.create_project(slug, private=private)
    if as_json:
        print_document("project", {"project": project.model_dump(mode="json")})
