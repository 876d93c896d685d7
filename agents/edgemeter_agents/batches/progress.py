"""What measuring tells of its way to whoever watches."""

from typing import Protocol


class Watcher(Protocol):
    """Told before each step. `total` may grow: contended visits are repeated."""

    def total(self, steps: int) -> None: ...

    def step(self, text: str) -> None: ...
