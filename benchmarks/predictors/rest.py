"""Estimates over HTTP, in CPU time of the server's process: sockets, parsing, tokens, database and all.

Single questions stand beside a route of the same application that takes the same message and does nothing.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

import numpy as np

from benchmarks.predictors import hurricane_x86
from benchmarks.predictors.bulk import MODELS
from benchmarks.predictors.rest_files import file_figures, own_predictor
from benchmarks.predictors.rest_seeding import seed
from benchmarks.predictors.rest_server import NOTHING, settings_of
from benchmarks.report import Figure, at_least, at_most, main, reported
from benchmarks.service.http import Connection
from benchmarks.service.processes import cpu_s
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.text import to_text
from edgemeter_predictors.training import train

_SINGLES: Final = 400  #: questions of one turn
_TURNS: Final = 11
_ROWS: Final = 10_000
_BULKS: Final = 60
_BULK_TURNS: Final = 9
_ESTIMATES: Final = "/v1/estimates"


@dataclass(frozen=True, slots=True)
class _Server:
    connection: Connection
    pid: int
    targets: dict[str, str]  #: by the model that answers there

    async def cpu_ms(self, calls: int, call: Callable[[int], Awaitable[object]]) -> float:
        """Of one call, in the server."""
        before_s = cpu_s(self.pid)
        for number in range(calls):
            await call(number)
        return 1e3 * (cpu_s(self.pid) - before_s) / calls


def run() -> Sequence[Figure]:
    if not hurricane_x86.present():
        print("the measured space is not beside the checkout: nothing is measured", file=sys.stderr)
        return ()
    return asyncio.run(_run())


async def _run() -> Sequence[Figure]:
    async with _serving() as server:
        files = await _file_figures(server)
        return [*await _single_figures(server), *[each async for each in _bulk_figures(server)], *files]


async def _file_figures(server: _Server) -> Sequence[Figure]:
    own = own_predictor()
    if own is None:
        return [Figure("an ONNX file predicted", "no kernel predictor here", "<= 8 ms", None)]
    return await file_figures(server.connection, server.pid, *own)


async def _single_figures(server: _Server) -> Sequence[Figure]:
    """Another architecture each time. The turns of both routes alternate."""
    target = server.targets["lut, a relative interval"]
    space = find_space("hurricane")
    rows = sample(space, _SINGLES, 3)
    texts = [to_text(space, row) for row in rows]
    messages = [{"space": space.name, "architectures": [text], "targets": [target]} for text in texts]
    bodies = [json.dumps(message).encode() for message in messages]
    found: dict[str, list[float]] = {NOTHING: [], _ESTIMATES: []}
    for _ in range(_TURNS):
        for path, spent in found.items():
            spent.append(await server.cpu_ms(len(bodies), partial(_asked, server, path, bodies)))
    nothing, ours = (np.array(spent[1:]) for spent in found.values())
    ratio = float(np.median(ours / nothing))
    return (
        reported("one architecture, JSON: the same stack, nothing done", float(np.median(nothing)), " ms"),
        reported("one architecture, JSON: estimated", float(np.median(ours)), " ms"),
        at_most("one architecture, JSON: against the same stack with nothing done", ratio, 1.4, "x"),
    )


async def _asked(server: _Server, path: str, bodies: Sequence[bytes], number: int) -> None:
    await server.connection.call("POST", path, bodies[number])


async def _bulk_figures(server: _Server) -> AsyncIterator[Figure]:
    space = find_space("hurricane")
    rows = np.ascontiguousarray(sample(space, _ROWS, 1)).tobytes()
    for name, target in server.targets.items():
        path = f"{_ESTIMATES}/bulk?space={space.name}&target={target}"

        async def call(_: int, path: str = path) -> None:
            await server.connection.call("POST", path, rows, "application/octet-stream")

        await server.cpu_ms(20, call)  # compiles the loops
        each_ms = statistics.median([await server.cpu_ms(_BULKS, call) for _ in range(_BULK_TURNS)])
        yield at_least(
            f"{name}: architectures per core-second over HTTP, {_ROWS:,} a request",
            _ROWS / each_ms / 1e3,
            MODELS[name][1],
            " M",
        )


@asynccontextmanager
async def _serving() -> AsyncIterator[_Server]:
    with tempfile.TemporaryDirectory(prefix="edgemeter-bench-") as folder:
        data = Path(folder) / "data"
        own = own_predictor()
        targets = await seed(settings_of(data), dict(_predictors()), [own[0]] if own else [])
        words = [sys.executable, "-m", "benchmarks.predictors.rest_server", str(data)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            try:
                told = json.loads(cast("IO[bytes]", process.stdout).readline())
                token = (data / "admin-token").read_text().strip()
                connection = await Connection.open(told["url"], token)
                yield _Server(connection, process.pid, targets)
                connection.close()
            finally:
                process.terminate()
                process.wait()


def _predictors() -> Iterator[tuple[str, bytes]]:
    from edgemeter_predictors.saving.predictors import save

    data = hurricane_x86.measurements().labels["fifo"]
    for name, (model, _) in MODELS.items():
        yield name, save(train(model, data), data.space)


if __name__ == "__main__":
    main(run)
