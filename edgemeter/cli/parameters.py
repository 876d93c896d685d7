"""Types of arguments and options that several commands take."""

from pathlib import Path
from typing import Any, Final

import rich_click as click

FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


class NetworkType(click.ParamType["Path | str"]):
    """A file, or an architecture of a space such as `references@1:mobilenet_v1,1.0`."""

    name = "FILE|ARCH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        from edgemeter.client.planning import is_architecture

        if isinstance(value, str) and is_architecture(value):
            return value
        return Path(FILE.convert(value, param, ctx))


class NumberOfTargetType(click.ParamType[tuple[str, float]]):
    """`openvino.int8=2.5` -> ("openvino.int8", 2.5)."""

    name = "TARGET=N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        if isinstance(value, tuple):
            return value
        words, _, number = str(value).rpartition("=")
        try:
            return words, float(number)
        except ValueError:
            self.fail(f"{value!r} is not TARGET=NUMBER", param, ctx)


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
