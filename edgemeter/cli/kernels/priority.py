"""The `--priority` of commands that measure kernels."""

import rich_click as click

priority_option = click.option(
    "--priority",
    type=click.Choice(["auto", "fifo", "nice", "normal"]),
    default="auto",
    show_default=True,
    help="Scheduling of the measuring process; `auto` takes the best that is permitted.",
)
