"""The group of all commands about spaces."""

import rich_click as click

from edgemeter.cli.space import looking, making


@click.group()
def space() -> None:
    """Search spaces: their operators, architectures, costs and network files."""


for command in (
    looking.list_,
    looking.show,
    looking.size,
    looking.sample,
    looking.costs,
    looking.encode,
    looking.decode,
    looking.build,
    making.generate,
    making.intersect,
):
    space.add_command(command)
