"""The `edgemeter` command: a group whose commands are found by entry point and loaded when needed."""

import sys
from importlib.metadata import EntryPoint, entry_points

import rich_click as click
from click.exceptions import Exit as ClickExit

from edgemeter import __version__
from edgemeter.cli.exits import Exit
from edgemeter.cli.text import printable
from edgemeter.failures import EdgeMeterError

GROUP = "edgemeter.commands"
MESSAGE_LIMIT = 1000


class PluginGroup(click.RichGroup):
    """Commands by entry point. A command whose package is broken does not take the others along."""

    def _found(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._found()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        point = self._found().get(cmd_name)
        if point is None:
            return super().get_command(ctx, cmd_name)
        try:
            command: click.Command = point.load()
        except ImportError as error:
            return _unavailable(cmd_name, error)
        return command


def _unavailable(name: str, error: ImportError) -> click.Command:
    missing = error.name or str(error)

    @click.command(
        name=name,
        help=f"(not available: {missing} is not installed)",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    )
    def stand_in() -> None:
        raise click.ClickException(
            f"`edgemeter {name}` needs {missing}, which is not installed; try: pip install 'edgemeter[all]'"
        )

    return stand_in


@click.command(cls=PluginGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgemeter")
def cli() -> None:
    """How fast does this neural network run on that device, and how sure are we?"""


def main() -> None:
    """Runs the command line. Expected failures become one line on stderr and an exit code."""
    try:
        cli.main(standalone_mode=False)
    except ClickExit as wanted:
        sys.exit(wanted.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except EdgeMeterError as error:
        click.echo(f"Error: {printable(str(error), MESSAGE_LIMIT)}", err=True)
        sys.exit(Exit.USAGE)
