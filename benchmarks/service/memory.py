"""What the server and its disk take once it has accepted a hundred thousand measurements."""

import asyncio
from collections.abc import Sequence
from random import Random

from benchmarks.report import Figure, at_most, main, reported
from benchmarks.service.agents import Agent, leases_of
from benchmarks.service.apart import play, process
from benchmarks.service.disk import measurement_bytes
from benchmarks.service.http import Connection
from benchmarks.service.processes import memory_mb, peak_memory_mb
from benchmarks.service.reports import BYTES, accepted, body_of
from benchmarks.service.seeding import seed
from benchmarks.service.server import DATABASES, Server, installation, serving
from benchmarks.service.sizes import AGENTS, TOGETHER, scaled
from edgemeter_server.measurements.testing import Shape

_MEASUREMENTS = 100_000
_PAGES = 20


async def measure_all(url: str, tokens: Sequence[str], batches: int) -> int:
    agents = [await Agent.join(url, token) for token in tokens]
    random = Random(3)

    async def work(agent: Agent) -> int:
        count = 0
        for _ in range(batches):
            count += accepted(await agent.report(body_of(leases_of(await agent.claim()), random, Shape())))
        return count

    return sum(await asyncio.gather(*map(work, agents)))


async def read_pages(server: Server) -> None:
    """What people do with so many: look through them."""
    admin = await Connection.open(server.url, server.admin_token())
    path = "/v1/measurements?limit=100"
    cursor = ""
    for _ in range(_PAGES):
        cursor = (await admin.get(path + cursor))["next_cursor"]
        if cursor is None:
            return
        cursor = f"&cursor={cursor}"


def run() -> Sequence[Figure]:
    return [figure for database in DATABASES for figure in _figures(database)]


def _figures(database: str) -> list[Figure]:
    batches = -(-scaled(_MEASUREMENTS) // (AGENTS * TOGETHER))
    with installation(database) as settings:
        seeded = asyncio.run(seed(settings, batches * AGENTS * TOGETHER, AGENTS, 0))
        empty = asyncio.run(measurement_bytes(settings))
        with serving(settings) as server:
            with process() as load:
                count = load.submit(play, measure_all, server.url, seeded.working, batches).result()
            asyncio.run(read_pages(server))
            now_mb, most_mb = memory_mb(server.pid), peak_memory_mb(server.pid)
        each = (asyncio.run(measurement_bytes(settings)) - empty) / count
    return [
        at_most(f"server's memory with {count} measurements, {database}", now_mb, 250, " MB"),
        reported(f"server's memory, the most on the way to {count}, {database}", most_mb, " MB"),
        at_most(f"bytes of a measurement, of {count}, {database}", each, BYTES, ""),
    ]


if __name__ == "__main__":
    main(run)
