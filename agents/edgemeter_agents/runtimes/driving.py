"""The plainest of drives (`edgemeter_agents.runtimes.base.Drive`)."""

from collections.abc import Callable


def repeated(runs: int, run: Callable[[], None]) -> None:
    for _ in range(runs):
        run()
