"""`edgemeter results`: the measurements that a server keeps."""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from edgemeter.cli.remote import json_option, limit_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client

Command = TypeVar("Command", bound=Callable[..., Any])


def _filters(command: Command) -> Command:
    for option in (
        click.option("--artifact", metavar="SHA256", help="Of this file only."),
        click.option("--device", metavar="SLUG", help="Of this device only."),
        click.option("--target", "-t", metavar="SLUG", help="Of this target only."),
        click.option("--valid/--invalid", default=None, help="Only those. Default: both."),
        project_option,
    ):
        command = option(command)
    return command


@click.group()
def results() -> None:
    """The measurements that a server keeps."""


@results.command("list")
@_filters
@limit_option
@json_option
@remote
def list_(client: "Client", limit: int, as_json: bool, **filters: Any) -> None:
    """List measurements, newest first."""
    from edgemeter.cli.measurements import print_rows
    from edgemeter.cli.tables import dumped, print_document

    found = list(islice(client.measurements(**filters), limit))
    if as_json:
        print_document("measurement-rows", {"measurements": dumped(found)})
    else:
        print_rows(found)


@results.command()
@click.argument("measurement_id", type=click.IntRange(min=1), metavar="NUMBER")
@json_option
@remote
def show(client: "Client", measurement_id: int, as_json: bool) -> None:
    """Show one measurement. `--json` has all of it, its raw samples among it."""
    from edgemeter.cli.measurements import print_record
    from edgemeter.cli.tables import print_document

    record = client.measurement(measurement_id)
    if as_json:
        print_document("measurement", {"measurement": record.model_dump(mode="json")})
    else:
        print_record(record)


@results.command()
@_filters
@click.option("--csv", "as_csv", is_flag=True, help="Rows as CSV.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@remote
def export(client: "Client", as_csv: bool, as_json: bool, **filters: Any) -> None:
    """Print all measurements, as CSV or JSON."""
    from edgemeter.cli.measurements import print_csv
    from edgemeter.cli.tables import dumped, print_document

    if as_csv == as_json:
        raise click.UsageError("one of --csv and --json is needed")
    found = client.measurements(**filters)
    if as_csv:
        print_csv(found)
    else:
        print_document("measurement-rows", {"measurements": dumped(found)})


@results.command()
@click.argument("measurement_id", type=click.IntRange(min=1), metavar="NUMBER")
@json_option
@remote
def delete(client: "Client", measurement_id: int, as_json: bool) -> None:
    """Delete a measurement. Requests that it answered lose their answer."""
    from edgemeter.cli.tables import print_document

    client.delete_measurement(measurement_id)
    if as_json:
        print_document("deleted-measurement", {"id": measurement_id})
