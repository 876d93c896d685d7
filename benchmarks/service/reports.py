"""Reports a second, and what a measurement takes on disk."""

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from benchmarks.report import Figure, at_most, main, reported
from benchmarks.service.agents import Agent, leases_of
from benchmarks.service.apart import play, process
from benchmarks.service.disk import measurement_bytes
from benchmarks.service.processes import Spent, spent
from benchmarks.service.promises import at_least
from benchmarks.service.seeding import seed
from benchmarks.service.server import DATABASES, Server, installation, serving
from benchmarks.service.sizes import AGENTS, TOGETHER, scaled
from edgemeter_server.measurements import testing
from edgemeter_server.measurements.testing import Shape

_SHORT, _LONG = Shape(), Shape(visits=5, samples=100)
_SHORT_BATCHES, _LONG_BATCHES = 20, 4  #: of each agent
_PROMISED, BYTES = 1000, 700
_DRAWN = 128


@dataclass(frozen=True, slots=True)
class Reports:
    count: int
    began_s: float
    ended_s: float
    spent: Spent

    def cost_ms(self, cpu_s: float) -> float:
        """Of one."""
        return 1000 * cpu_s / self.count


async def report_all(url: str, tokens: Sequence[str], batches: int, shape: Shape, server_pid: int) -> Reports:
    """All is claimed and written out first; only the reporting is timed."""
    agents = [await Agent.join(url, token) for token in tokens]
    random = Random(7)
    # In turns, as agents claim that have reported what they had.
    rounds = [
        [body_of(leases_of(await agent.claim()), random, shape) for agent in agents] for _ in range(batches)
    ]

    async def work(agent: Agent, own: Iterable[bytes]) -> int:
        return sum([accepted(await agent.report(body)) for body in own])

    before, began_s = spent(server_pid), time.perf_counter()
    counts = await asyncio.gather(*map(work, agents, zip(*rounds, strict=True)))
    return Reports(sum(counts), began_s, time.perf_counter(), spent(server_pid) - before)


def body_of(leases: Sequence[dict[str, Any]], random: Random, shape: Shape) -> bytes:
    conditions = testing.conditions(random, shape.visits)
    reports = [
        {
            "attempt_id": lease["attempt_id"],
            "secret": lease["secret"],
            "outcome": {
                "result": "measured",
                "measurement": _of(lease, random.choice(_drawn(shape))) | {"conditions": conditions},
            },
        }
        for lease in leases
    ]
    batch = {"agent_version": "1", "seed": 0, "provenance": testing.provenance(), "reports": reports}
    return json.dumps(batch).encode()


@cache
def _drawn(shape: Shape) -> Sequence[dict[str, Any]]:
    """Some measurements to choose from: to draw one takes longer than to report it."""
    random = Random(5)
    return [testing.measurement(random, "", (), shape).model_dump(mode="json") for _ in range(_DRAWN)]


def _of(lease: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return document | {"network": document["network"] | {"sha256": lease["artifact"]["sha256"]}}


def accepted(answer: bytes) -> int:
    receipts = json.loads(answer)["receipts"]
    if any(receipt["state"] != "accepted" or receipt["measurement_id"] is None for receipt in receipts):
        raise RuntimeError(f"not accepted: {receipts}")
    return len(receipts)


def run() -> Sequence[Figure]:
    return [figure for database in DATABASES for figure in _figures(database)]


def _figures(database: str) -> list[Figure]:
    short, long = scaled(_SHORT_BATCHES), scaled(_LONG_BATCHES)
    with installation(database) as settings:
        pending = AGENTS * TOGETHER * (short + long)
        seeded = asyncio.run(seed(settings, pending, AGENTS, 0))
        empty = asyncio.run(measurement_bytes(settings))
        with serving(settings) as server:
            with_60 = _reports(server, seeded.working, short, _SHORT)
        each = (asyncio.run(measurement_bytes(settings)) - empty) / with_60.count
        with serving(settings) as server:
            with_500 = _reports(server, seeded.working, long, _LONG)
    return [
        at_least(f"reports/s of 60 samples, {database}", _rate(with_60), _PROMISED),
        reported(
            f"server CPU of a report of 60 samples, {database}",
            with_60.cost_ms(with_60.spent.server_s),
            " ms",
        ),
        reported(
            f"the load's CPU of a report of 60 samples, {database}",
            with_60.cost_ms(with_60.spent.load_s),
            " ms",
        ),
        reported(
            f"all other CPU of a report of 60 samples, {database}",
            with_60.cost_ms(with_60.spent.others_s),
            " ms",
        ),
        reported(f"reports/s of 500 samples, {database}", _rate(with_500), ""),
        reported(
            f"server CPU of a report of 500 samples, {database}",
            with_500.cost_ms(with_500.spent.server_s),
            " ms",
        ),
        at_most(f"bytes of a measurement of 60 samples, {database}", each, BYTES, ""),
    ]


def _reports(server: Server, tokens: Sequence[str], batches: int, shape: Shape) -> Reports:
    with process() as load:
        return load.submit(play, report_all, server.url, tokens, batches, shape, server.pid).result()


def _rate(reports: Reports) -> float:
    return reports.count / (reports.ended_s - reports.began_s)


if __name__ == "__main__":
    main(run)
