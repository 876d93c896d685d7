"""`edgemeter scrub`: whether all stored artifacts are still what they were."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from edgemeter_server.artifacts.scrubbing import Scrubbed


@click.command()
@click.option("--data-folder", type=click.Path(path_type=Path), help="The server's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def scrub(data_folder: Path | None, as_json: bool) -> None:
    """Read all stored artifacts again, and tell which are not what they were.

    Goes by the server's settings, and may run beside it. Exit code 4: bytes have changed or are
    missing; upload those files again, or restore a backup.
    """
    import asyncio

    from edgemeter.cli.exits import Exit
    from edgemeter.config import resolve
    from edgemeter_server.artifacts.scrub_beside import scrub_beside
    from edgemeter_server.settings import Settings

    settings = resolve(Settings, "server", {"data_folder": data_folder}).value
    found = asyncio.run(scrub_beside(settings))
    _print(found, as_json=as_json)
    sys.exit(Exit.OK if found.sound else Exit.FAILED)


def _print(found: "Scrubbed", *, as_json: bool) -> None:
    from dataclasses import asdict

    from edgemeter.cli.output import print_json

    if as_json:
        print_json({**asdict(found), "sound": found.sound})
        return
    for word in ("changed", "missing", "unknown"):
        for sha256 in getattr(found, word):
            click.echo(f"{word}  {sha256}")
    click.echo(f"{found.checked} artifacts read, " + ("all sound" if found.sound else "not all sound"))
