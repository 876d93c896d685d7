"""Options that the commands of the service share, and the settings they lead to."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import rich_click as click

if TYPE_CHECKING:
    from edgemeter_server.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--data-folder", type=click.Path(path_type=Path), help="Where the service keeps its data."),
    click.option("--database-url", help="postgresql://...; without it, SQLite in the data folder."),
)


def database_options(command: F) -> F:
    """`data_folder` and `database_url`, both None unless given."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_from(**flags: object) -> "Settings":
    """Flags before environment before files. Raises ConfigError."""
    from edgemeter.config import resolve
    from edgemeter_server.settings import Settings

    return resolve(Settings, "server", flags).value
