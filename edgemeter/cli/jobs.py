"""`edgemeter jobs`: what was asked for, and what became of it."""

import sys
from itertools import islice
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, limit_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client

_IDS = click.IntRange(min=1)


@click.group()
def jobs() -> None:
    """What was asked for, and what became of it.

    Numbers are those of requests, as `edgemeter submit` prints them. Identical requests share one job.
    """


@jobs.command("list")
@project_option
@limit_option
@json_option
@remote
def list_(client: "Client", project: str | None, limit: int, as_json: bool) -> None:
    """List requests, newest first."""
    from edgemeter.cli.answers import print_answers

    print_answers(list(islice(client.requests(project=project), limit)), as_json=as_json)


@jobs.command()
@click.argument("request_id", type=_IDS, metavar="NUMBER")
@json_option
@remote
def show(client: "Client", request_id: int, as_json: bool) -> None:
    """Show one request with every attempt at its job."""
    from edgemeter.cli.answers import print_answers
    from edgemeter.cli.tables import print_document, print_listing

    request = client.request(request_id)
    job = None if request.job_id is None else client.job(request.job_id)
    if as_json:
        document = None if job is None else job.model_dump(mode="json")
        print_document("request", {"request": request.model_dump(mode="json"), "job": document})
        return
    print_answers([request], as_json=False)
    print_listing(
        ("attempt#", "device", "state", "started", "ended", "failure", "charged to"),
        (
            (a.number, a.device, a.state, a.started_at, a.ended_at, a.failure and a.failure.kind, a.charged)
            for a in (job.attempts if job else ())
        ),
        "No attempt yet: `edgemeter devices targets` tells whether a device may measure on its target now."
        if job
        else "No attempt was needed: it was measured before.",
    )


@jobs.command()
@click.argument("request_ids", type=_IDS, nargs=-1, required=True, metavar="NUMBER...")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0), metavar="SECONDS")
@json_option
@remote
def wait(client: "Client", request_ids: tuple[int, ...], timeout_s: float | None, as_json: bool) -> None:
    """Wait until requests have ended, and print their answers.

    Exit code 4: something could not be measured. 6: `--timeout` has passed, the measurements go on.
    """
    from edgemeter.cli.answers import exit_code, print_answers, wait_for

    asked = [client.request(request_id) for request_id in request_ids]
    answers = wait_for(client, asked, timeout_s)
    print_answers(answers, as_json=as_json)
    sys.exit(exit_code(answers))


@jobs.command()
@click.argument("request_ids", type=_IDS, nargs=-1, required=True, metavar="NUMBER...")
@json_option
@remote
def cancel(client: "Client", request_ids: tuple[int, ...], as_json: bool) -> None:
    """Give requests up. Others who asked for the same keep theirs."""
    from edgemeter.cli.answers import print_answers

    print_answers([client.cancel(request_id) for request_id in request_ids], as_json=as_json)
