"""`edgemeter agent`: this machine measures what a server asks for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exits import Exit

if TYPE_CHECKING:
    from edgemeter_agents.daemon.settings import AgentSettings


@click.command()
@click.option("--server", metavar="URL", help="The server's address. Needed once: it is kept with the token.")
@click.option("--enrol", metavar="TOKEN", help="A one-time token, which becomes this device's own.")
@click.option(
    "--device", "--name", metavar="SLUG", help="What the device is called. Default: the host's name."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where cache, reports and token are kept.",
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Authorities to trust instead of the usual: for a server with a certificate of its own.",
)
@click.option(
    "--cache-mib", type=click.IntRange(16), help="How much the cache of networks holds. [default: 2048]"
)
@click.option("--threads", metavar="N[,N]", help="Offer targets of so many threads. [default: 1]")
@click.option("--batches", metavar="N[,N]", help="Offer targets of such batches. [default: 1]")
@click.option("--jobs", type=click.IntRange(1, 64), help="Measure up to so many jobs together. [default: 64]")
@click.option("--insecure", is_flag=True, default=None, help="Send the token over plain HTTP.")
@click.option("--allow-root", is_flag=True, default=None, help="Run as root all the same.")
@click.option("--once", is_flag=True, help="End when the queue is empty.")
@click.option("--json", "as_json", is_flag=True, help="Log as JSON, one document a line.")
def agent(once: bool, as_json: bool, threads: str | None, batches: str | None, **flags: object) -> None:
    """Measure on this machine what a server asks for, until told to stop.

    The first time, `--server` and `--enrol` make this machine a device of that server; the token comes from
    `edgemeter tokens enrol` there. Afterwards `edgemeter agent` is all. Settings may come from variables
    (EDGEMETER_AGENT_...) and files too. It logs on stderr.
    """
    from edgemeter.config import resolve
    from edgemeter_agents.daemon.settings import AgentSettings

    given = {
        **flags,
        "threads": threads.split(",") if threads else None,
        "batches": batches.split(",") if batches else None,
        "log_format": "json" if as_json else None,
    }
    settings = resolve(AgentSettings, "agent", given).value
    _refuse_root(settings)
    sys.exit(_run(settings, once=once))


def _refuse_root(settings: "AgentSettings") -> None:
    import os

    if os.geteuid() == 0 and not settings.allow_root:
        raise click.UsageError(
            "networks of strangers are not measured as root: use a user of its own (docs/agent.md), "
            "or --allow-root in a container that is disposable"
        )


def _run(settings: "AgentSettings", *, once: bool) -> Exit:
    import asyncio

    from edgemeter_agents.daemon import daemon, log
    from edgemeter_agents.daemon.settings import state_folder
    from edgemeter_agents.daemon.state import own_state

    log.set_up(as_json=settings.log_format == "json")
    with own_state(state_folder(settings)) as state:
        end = asyncio.run(daemon.run(settings, state, once=once))
    if end.failed:
        raise click.ClickException(end.reason)
    return Exit.OK
