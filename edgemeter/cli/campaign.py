"""`edgemeter campaign`: what `edgemeter profile` has begun."""

import sys
from itertools import islice
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exporting import export
from edgemeter.cli.remote import json_option, limit_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client

_number = click.argument("campaign_id", type=click.IntRange(min=1), metavar="NUMBER")


@click.group()
def campaign() -> None:
    """Search spaces that are measured on targets: see `edgemeter profile`."""


@campaign.command("list")
@limit_option
@json_option
@remote
def list_(client: "Client", limit: int, as_json: bool) -> None:
    """List campaigns, newest first."""
    from edgemeter.cli.campaigns import print_list
    from edgemeter.cli.tables import dumped, print_document

    found = list(islice(client.campaigns(), limit))
    if as_json:
        print_document("campaigns", {"campaigns": dumped(found)})
    else:
        print_list(found)


@campaign.command()
@_number
@click.option("--wait", is_flag=True, help="Until it has ended, with progress.")
@json_option
@remote
def show(client: "Client", campaign_id: int, wait: bool, as_json: bool) -> None:
    """Show how far a campaign is, what it has cost, and what could not be measured."""
    from edgemeter.cli import campaigns

    found = client.campaign(campaign_id)
    campaigns.print_campaign(campaigns.watch(client, found) if wait else found, as_json=as_json)


@campaign.command()
@_number
@click.option("--wait", is_flag=True, help="Until it has ended, with progress.")
@json_option
@remote
def resume(client: "Client", campaign_id: int, wait: bool, as_json: bool) -> None:
    """Go on with a cancelled campaign; measure anew what is invalid, failed for a reason that may have gone,
    or was measured by another version of the protocol.
    """
    from edgemeter.cli import campaigns

    found = client.resume_campaign(campaign_id)
    if wait:
        found = campaigns.watch(client, found)
    campaigns.print_campaign(found, as_json=as_json)
    sys.exit(campaigns.exit_code(found) if wait else 0)


@campaign.command()
@_number
@json_option
@remote
def cancel(client: "Client", campaign_id: int, as_json: bool) -> None:
    """Give up what is not measured yet. What was measured stays."""
    from edgemeter.cli.campaigns import print_campaign

    print_campaign(client.cancel_campaign(campaign_id), as_json=as_json)


campaign.add_command(export)
