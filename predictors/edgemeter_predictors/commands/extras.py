"""What commands of this package need beyond the base installation."""

from importlib.util import find_spec

import rich_click as click


def require(extras: str, *modules: str) -> None:
    """Raises ClickException with the line that installs what is missing."""
    for module in modules:
        if find_spec(module) is None:
            raise click.ClickException(
                f"this needs {module}, not installed here; try: pip install 'edgemeter[{extras}]'"
            )
