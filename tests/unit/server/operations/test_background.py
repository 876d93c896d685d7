"""The schedule of periodic work, on a clock that jumps from one sleeper to the next."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgemeter_server.operations.background import PERIODICS, Periodic, run
from edgemeter_server.operations.metrics import Metrics
from edgemeter_server.services import Services

SERVICES = cast("Services", SimpleNamespace())


class _Jumping(selectors.SelectSelector):
    """Never waits: time goes on by as much as the loop would have slept."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now_s += timeout or 0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _Jumping()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now_s


def run_for(seconds: float, make: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await make()

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(bounded())


def test_each_task_keeps_its_own_period_without_drifting() -> None:
    began: dict[str, list[float]] = {"quick": [], "slow": []}

    def task(name: str, takes_s: float) -> Callable[[Services], Awaitable[None]]:
        async def work(_: Services) -> None:
            began[name].append(round(asyncio.get_running_loop().time(), 3))
            await asyncio.sleep(takes_s)

        return work

    periodics = (Periodic("quick", 1, task("quick", 0.3)), Periodic("slow", 2, task("slow", 4.5)))
    run_for(9.5, lambda: run(SERVICES, Metrics(), periodics))
    assert began["quick"] == [float(second) for second in range(10)]
    assert began["slow"] == [0, 6]  # what was missed meanwhile is not made up for


def test_a_failing_task_is_counted_and_goes_on() -> None:
    metrics, runs = Metrics(), []

    async def work(_: Services) -> None:
        runs.append(1)
        if len(runs) % 2:
            raise RuntimeError("now and then")

    run_for(3.5, lambda: run(SERVICES, metrics, (Periodic("odd", 1, work),)))

    def counted(outcome: str) -> float | None:
        labels = {"task": "odd", "outcome": outcome}
        return metrics.registry.get_sample_value("edgemeter_background_runs_total", labels)

    assert (len(runs), counted("failed"), counted("done")) == (4, 2, 2)


def test_cancelling_ends_a_task_in_its_midst() -> None:
    ended = []

    async def work(_: Services) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append(1)

    run_for(1, lambda: run(SERVICES, Metrics(), (Periodic("long", 1, work),)))
    assert ended == [1]


def test_the_table_of_tasks() -> None:
    names = [periodic.name for periodic in PERIODICS]
    assert sorted(names) == [
        "asked",
        "campaigns",
        "collection",
        "drift",
        "features",
        "fits",
        "imports",
        "partitions",
        "retention",
        "sweep",
    ]
    assert next(periodic.every_s for periodic in PERIODICS if periodic.name == "sweep") == 1
