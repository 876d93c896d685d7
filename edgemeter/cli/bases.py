"""What estimates without a predictor are made of: never without these words."""

from collections.abc import Iterable
from typing import Protocol

from edgemeter.cli.output import data_console
from edgemeter.cli.text import plain

_SIGNS = 400


class Based(Protocol):
    @property
    def target(self) -> str: ...

    @property
    def basis(self) -> str | None: ...


def print_bases(estimates: Iterable[Based]) -> None:
    """Each once."""
    for target, basis in dict.fromkeys((each.target, each.basis) for each in estimates if each.basis):
        data_console().print(f"[dim]analytic on {plain(target)}: {plain(str(basis), _SIGNS)}[/]")
