"""Types of arguments and options that several commands take."""

from pathlib import Path
from typing import Any, Final

import rich_click as click

FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


class ShapeType(click.ParamType[tuple[str, tuple[int, ...]]]):
    """`image=1,3,224,224` -> ("image", (1, 3, 224, 224))."""

    name = "NAME=N,N,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        if isinstance(value, tuple):
            return value
        name, _, numbers = str(value).rpartition("=")
        try:
            shape = tuple(int(number) for number in numbers.split(","))
        except ValueError:
            shape = ()
        if not name or not shape or min(shape) < 1:
            self.fail(f"{value!r} is not a shape; write it as image=1,3,224,224", param, ctx)
        return name, shape
