"""Leases a second with a million jobs pending, and how long a claim takes beside a thousand that wait."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles

from benchmarks.report import Figure, at_most, main, reported
from benchmarks.service.agents import IDLE_TARGET, Agent, leases_of
from benchmarks.service.apart import play, process
from benchmarks.service.processes import Spent, cpu_s, spent
from benchmarks.service.promises import at_least
from benchmarks.service.seeding import Seeded, seed
from benchmarks.service.server import DATABASES, Server, installation, serving
from benchmarks.service.sizes import AGENTS, CLAIM_S, scaled

_PROMISED = {"sqlite": 8000, "postgresql": 4000}
_WAITING = 1000
_POLL_S, _OPEN_S = 60.0, 40.0
_PATIENCE_S, _TURN_S, _RESTING_S = 120.0, 0.1, 0.3


@dataclass(frozen=True, slots=True)
class Claims:
    """What all agents did between two instants."""

    wall_s: float
    spent: Spent
    each_s: tuple[float, ...]
    job_ids: tuple[int, ...]

    def cost_ms(self, cpu_s: float) -> float:
        """Of one claim."""
        return 1000 * cpu_s / len(self.each_s)


async def claim_all(url: str, tokens: Sequence[str], seconds: float, server_pid: int) -> Claims:
    agents = [await Agent.join(url, token) for token in tokens]
    answers: list[bytes] = []
    each_s: list[float] = []

    async def work(agent: Agent) -> None:
        while (began_s := time.perf_counter()) < until_s:
            answers.append(await agent.claim())
            each_s.append(time.perf_counter() - began_s)

    before, began_s = spent(server_pid), time.perf_counter()
    until_s = began_s + seconds
    await asyncio.gather(*map(work, agents))
    wall_s, took = time.perf_counter() - began_s, spent(server_pid) - before
    job_ids = tuple(one["job_id"] for each in answers for one in leases_of(each))
    return Claims(wall_s, took, tuple(each_s), job_ids)


async def wait_all(url: str, tokens: Sequence[str], asked: Path, seconds: float) -> int:
    """Long polls of devices that have nothing to do, for so long; how many were open at the end. Touches
    `asked` once all have been sent.
    """
    agents = [await Agent.join(url, token, IDLE_TARGET) for token in tokens]
    polls = [asyncio.create_task(agent.claim(_POLL_S)) for agent in agents]
    await asyncio.sleep(0)
    asked.touch()
    _, open_still = await asyncio.wait(polls, timeout=seconds)
    return len(open_still)


def run() -> Sequence[Figure]:
    return [figure for database in DATABASES for figure in _figures(database)]


def _figures(database: str) -> list[Figure]:
    waiting = scaled(_WAITING)
    with installation(database) as settings:
        seeded = asyncio.run(seed(settings, scaled(1_000_000), 2 * AGENTS, waiting))
        with serving(settings) as server:
            alone = _claims(server, seeded.working[:AGENTS])
            beside = _beside_waiting(server, seeded)
    return [
        at_least(f"leases/s, {database}", len(alone.job_ids) / alone.wall_s, _PROMISED[database]),
        reported(f"server CPU of a claim of 16, {database}", alone.cost_ms(alone.spent.server_s), " ms"),
        reported(f"the load's CPU of a claim of 16, {database}", alone.cost_ms(alone.spent.load_s), " ms"),
        reported(f"all other CPU of a claim of 16, {database}", alone.cost_ms(alone.spent.others_s), " ms"),
        _without_doubles(database, [*alone.job_ids, *beside.job_ids]),
        at_most(
            f"p99 of a claim, {waiting} waiting, {database}",
            quantiles(beside.each_s, n=100)[98] * 1000,
            250,
            " ms",
        ),
    ]


def _claims(server: Server, tokens: Sequence[str]) -> Claims:
    with process() as load:
        return load.submit(play, claim_all, server.url, tokens, CLAIM_S, server.pid).result()


def _beside_waiting(server: Server, seeded: Seeded) -> Claims:
    asked = server.data_folder.parent / "asked"
    with process() as idle:
        waiting = idle.submit(play, wait_all, server.url, seeded.waiting, asked, _OPEN_S)
        _until(lambda: asked.exists() or waiting.done())
        _until(partial(_rests, server.pid))
        # Other devices: a second session of the first would end the leases they hold.
        claims = _claims(server, seeded.working[AGENTS:])
        if waiting.done() or waiting.result() < len(seeded.waiting):
            raise RuntimeError("not all long polls stayed open")
    return claims


def _until(happened: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + _PATIENCE_S
    while not happened():
        if time.monotonic() > give_up_s:
            raise RuntimeError("the long polls are not open yet")
        time.sleep(_TURN_S)


def _rests(pid: int) -> bool:
    """All that was asked of the server waits: for a second it does no more than its periodic work, which
    takes 0.15 s where a million jobs are pending.
    """
    before_s = cpu_s(pid)
    time.sleep(1)
    return cpu_s(pid) - before_s < _RESTING_S


def _without_doubles(database: str, job_ids: Sequence[int]) -> Figure:
    doubles = len(job_ids) - len(set(job_ids))
    return at_most(f"jobs leased twice, of {len(job_ids)}, {database}", doubles, 0, "")


if __name__ == "__main__":
    main(run)
