"""What every command that talks to a server shares: its options, the client, and how errors end it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.text import printable

if TYPE_CHECKING:
    from edgemeter.client import Client
    from edgemeter.wire.problems import ProblemError

Command = Callable[..., None]
_MESSAGE_SIGNS = 1000

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
project_option = click.option(
    "--project", metavar="SLUG", help="Default: that of the settings, or the token's own."
)
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many to show, newest first.",
)


@dataclass(frozen=True, slots=True)
class Connect:
    """Gives a client when it is needed: `with connect() as client`."""

    url: str | None
    token_file: Path | None

    def __call__(self) -> "AbstractContextManager[Client]":
        return _connected(self.url, self.token_file)

    @property
    def named(self) -> bool:
        """Whether the user named a server, by option, variable or file."""
        from edgemeter.client.settings import resolve_client
        from edgemeter.config.origins import Rank

        return resolve_client({"url": self.url}).origins["url"].rank is not Rank.DEFAULT


def remote(command: Command) -> Command:
    """Adds `--url` and `--token-file`, and calls the command with a `client`."""

    @connecting
    @wraps(command)
    def connected(*args: Any, connect: Connect, **kwargs: Any) -> None:
        with connect() as client:
            command(*args, client=client, **kwargs)

    return connected


def connecting(command: Command) -> Command:
    """Adds `--url` and `--token-file`, and calls the command with what gives a client when it is needed."""

    @click.option("--url", metavar="URL", help="The server. Default: the setting `client.url`.")
    @click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A file with the token. Default: the settings `client.token` and `client.token_file`.",
    )
    @wraps(command)
    def connectable(*args: Any, url: str | None, token_file: Path | None, **kwargs: Any) -> None:
        command(*args, connect=Connect(url, token_file), **kwargs)

    return connectable


@contextmanager
def _connected(url: str | None, token_file: Path | None) -> "Iterator[Client]":
    with _client(url, token_file) as client, _told():
        yield client


@contextmanager
def _client(url: str | None, token_file: Path | None) -> "Iterator[Client]":
    from edgemeter.client import Client
    from edgemeter.client.settings import resolve_client

    settings = resolve_client({"url": url, "token_file": token_file}).value
    if token_file is not None:
        # The option is stronger than any other token, also than one in a variable.
        settings = settings.model_copy(update={"token": None})
    with Client(settings=settings) as client:
        yield client


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the server as one line and an exit code of their own."""
    from edgemeter.client.errors import ClientError, NoTargetError, StillWaitingError
    from edgemeter.wire.problems import ProblemError

    try:
        yield
    except NoTargetError:
        raise  # The user's to mend, as any wrong option.
    except StillWaitingError as error:
        left = " ".join(map(str, error.request_ids[:20]))
        _end(f"{error}. To wait again: edgemeter jobs wait {left}", Exit.UNFINISHED)
    except ClientError as error:
        _end(str(error), Exit.SERVER)
    except ProblemError as error:
        _end(_sentence(error), Exit.SERVER)


def _sentence(error: "ProblemError") -> str:
    from edgemeter.wire.problems import ProblemType

    # What the sentence says of the first place is not said again.
    left = [place for place in error.problem.errors if place.detail not in str(error)]
    places = "; ".join(f"{place.pointer}: {place.detail}" for place in left)
    parts = [str(error), places, _hint() if error.kind == ProblemType.UNAUTHENTICATED else ""]
    return " ".join(part for part in parts if part)


def _hint() -> str:
    return (
        "Set EDGEMETER_TOKEN, or give --token-file; the first admin's token is in the file "
        "`admin-token` of the server's data folder."
    )


def _end(message: str, code: Exit) -> None:
    click.echo(f"Error: {printable(message, _MESSAGE_SIGNS)}", err=True)
    sys.exit(code)
