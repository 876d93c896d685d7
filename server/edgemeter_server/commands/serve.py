"""`edgemeter serve`: the service, as one process."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    import socket

    from edgemeter_server.settings import Settings

_UNENCRYPTED = "tokens travel unencrypted: give --tls-certificate and --tls-key, or use --proxy-headers"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--data-folder", type=click.Path(file_okay=False, path_type=Path), help="Where everything lies."
)
@click.option("--host", help="The address to listen on. Default: 127.0.0.1, this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: 8080; 0: any free one.")
@click.option("--tls-certificate", type=_FILE, help="PEM file with the certificate and its chain.")
@click.option("--tls-key", type=_FILE, help="PEM file with the certificate's key.")
@click.option(
    "--proxy-headers",
    metavar="ADDRESSES",
    help="Proxies whose X-Forwarded headers are believed, for example `10.0.0.2,10.0.0.3`.",
)
@click.option(
    "--auto-approve/--no-auto-approve", default=None, help="Whether new targets of devices need no admin."
)
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How the log on stderr is written.")
@click.option("--json", "as_json", is_flag=True, help="Tell the address as one line of JSON.")
def serve(as_json: bool, **flags: Any) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    Prints its address when it is ready. Everything lies in the data folder, unless PostgreSQL or S3 are set:
    see `edgemeter config show` for all settings.
    """
    from edgemeter.config import resolve
    from edgemeter_server.settings import Settings

    settings = resolve(Settings, "server", flags).value
    _refuse_second(settings)
    _run(settings, as_json=as_json)


def _refuse_second(settings: "Settings") -> None:
    """Before all that takes seconds to load. It is the lock taken later that counts."""
    from edgemeter_server.database.folder_lock import FolderLock

    if settings.database_url is None and settings.data_folder.is_dir():
        FolderLock(settings.data_folder).close()


def _run(settings: "Settings", *, as_json: bool) -> None:
    import asyncio
    import logging

    from edgemeter_server.operations import listening

    with listening.bind(settings) as bound:
        from edgemeter_server.commands.failures import told
        from edgemeter_server.operations import logs, serving

        logs.configure(settings.log_format)
        if listening.lets_tokens_travel_unencrypted(settings, bound):
            logging.getLogger(__name__).warning(_UNENCRYPTED)
        with told(), asyncio.Runner(loop_factory=serving.event_loop) as runner:
            runner.run(_serve(settings, bound, as_json=as_json))


async def _serve(settings: "Settings", bound: "socket.socket", *, as_json: bool) -> None:
    from edgemeter_server.access.first_admin import first_admin
    from edgemeter_server.app import create_app
    from edgemeter_server.operations import listening, serving
    from edgemeter_server.operations.starting import open_services

    async with open_services(settings) as services:
        token_file = await first_admin(services)
        url = listening.url_of(settings, bound)
        await serving.serve(
            create_app(services), settings, bound, lambda: _tell(settings, url, token_file, as_json=as_json)
        )


def _tell(settings: "Settings", url: str, token_file: Path | None, *, as_json: bool) -> None:
    import json
    import os

    folder = settings.data_folder.absolute()
    if as_json:
        where = None if token_file is None else str(token_file.absolute())
        told = {"url": url, "pid": os.getpid(), "data_folder": str(folder), "admin_token_file": where}
        click.echo(json.dumps(told))
        return
    click.echo(f"EdgeMeter serves {url} from {folder}")
    if token_file is not None:
        click.echo(
            f"The first admin's token is in {token_file.absolute()}; keep it safe, then delete the file."
        )
