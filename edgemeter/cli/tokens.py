"""`edgemeter tokens`: who may do what; for admins."""

from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.access import IssuedToken

_DAY_S = 86_400.0


@click.group()
def tokens() -> None:
    """Tokens: who may do what. For admins."""


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "submitter", "agent", "admin"]), required=True)
@click.option("--project", metavar="SLUG", help="Of viewers and submitters.")
@click.option("--device", metavar="SLUG", help="Of agents.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=90, show_default=True)
@json_option
@remote
def create(
    client: "Client",
    name: str,
    role: str,
    project: str | None,
    device: str | None,
    days: float,
    as_json: bool,
) -> None:
    """Make a token called NAME. It is printed this once; the server keeps only its hash."""
    if role in {"viewer", "submitter"} and project is None:
        project = "default"
    _print(
        client.create_token(name, role, project=project, device=device, expires_s=days * _DAY_S),
        as_json=as_json,
    )


@tokens.command()
@click.option("--device", metavar="SLUG", help="Only a device of this name may join by it.")
@json_option
@remote
def enrol(client: "Client", device: str | None, as_json: bool) -> None:
    """Make a one-time token that lets one device's agent join, within minutes."""
    issued = client.create_token(f"enrolment of {device or 'a device'}", "enrolment", device=device)
    _print(issued, as_json=as_json)


@tokens.command("list")
@json_option
@remote
def list_(client: "Client", as_json: bool) -> None:
    """List tokens, without their texts."""
    from edgemeter.cli.tables import dumped, print_document, print_table

    found = list(client.tokens())
    if as_json:
        print_document("tokens", {"tokens": dumped(found)})
        return
    print_table(
        ("id#", "name", "role", "project", "device", "created", "expires", "last used", "revoked"),
        (
            (
                token.id,
                token.name,
                token.role,
                token.project,
                token.device,
                token.created_at,
                token.expires_at,
                token.last_used_at,
                token.revoked_at,
            )
            for token in found
        ),
    )


@tokens.command()
@click.argument("token_id", type=click.IntRange(min=1), metavar="ID")
@json_option
@remote
def revoke(client: "Client", token_id: int, as_json: bool) -> None:
    """End a token, everywhere within 5 seconds."""
    from edgemeter.cli.tables import print_document

    client.revoke_token(token_id)
    if as_json:
        print_document("revoked-token", {"id": token_id})


def _print(issued: "IssuedToken", *, as_json: bool) -> None:
    """On a terminal the token alone is data: `EDGEMETER_TOKEN=$(edgemeter tokens create ...)`."""
    from edgemeter.cli.tables import print_document
    from edgemeter.cli.text import printable

    if as_json:
        print_document("token", {"token": issued.model_dump(mode="json")})
        return
    until = "" if issued.expires_at is None else f", until {issued.expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"Token {issued.id}, {issued.role}{until}. It is shown this once:", err=True)
    click.echo(printable(issued.token, 200))
