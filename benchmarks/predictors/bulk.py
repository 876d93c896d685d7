"""Bulk estimates as the server makes them, from the body's pieces to the answer's: all but HTTP itself."""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.predictors import hurricane_x86
from benchmarks.report import Figure, at_least, main, reported
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.bayesian_ridge import BayesianRidge
from edgemeter_predictors.contract import CostModel
from edgemeter_predictors.data import SpaceData
from edgemeter_predictors.evaluation.bulk import compiled_loops
from edgemeter_predictors.evaluation.evaluator import Evaluator
from edgemeter_predictors.lut import Lut
from edgemeter_predictors.training import train
from edgemeter_server.http.body import OCTETS
from edgemeter_server.predictors.asked import About, Asked
from edgemeter_server.predictors.bulk import answered, bulk

ROWS = 10_000
REQUESTS = 200
LARGE = 1000  #: times `ROWS` in one request
PIECE_BYTES = 65_536  #: as a server hands them on
MODELS: dict[str, tuple[CostModel[SpaceData, Codes], float]] = {
    "lut, a relative interval": (Lut("affine"), 10.0),
    "bayesian_ridge, with deviation": (BayesianRidge(), 3.0),
}


def run() -> Sequence[Figure]:
    if not hurricane_x86.present():
        print("the measured space is not beside the checkout: nothing is measured", file=sys.stderr)
        return ()
    return [figure for name in MODELS for figure in _figures(name)]


def _figures(name: str) -> Iterator[Figure]:
    model, promised = MODELS[name]
    data = hurricane_x86.measurements().labels["fifo"]
    evaluator = Evaluator(train(model, data), compiled_loops())
    rows = np.ascontiguousarray(sample(data.space, ROWS, 1)).tobytes()
    asyncio.run(_answer(data.space, evaluator, rows, 1))  # compiles the loops
    before_s = time.process_time()
    for _ in range(REQUESTS):
        asyncio.run(_answer(data.space, evaluator, rows, 1))
    each = (time.process_time() - before_s) / REQUESTS
    yield at_least(
        f"{name}: architectures per core-second, {ROWS:,} a request", ROWS / each / 1e6, promised, " M"
    )
    before_mb, before_s = _peak_mb(), time.process_time()
    asyncio.run(_answer(data.space, evaluator, rows, LARGE))
    large_s = time.process_time() - before_s
    text = f"{name}: {ROWS * LARGE:,} in one request"
    yield reported(f"{text}, architectures per core-second", ROWS * LARGE / large_s / 1e6, " M")
    yield reported(f"{text}, memory beyond a small one", _peak_mb() - before_mb, " MB")


async def _answer(space: Space, evaluator: Evaluator, rows: bytes, times: int) -> int:
    """Bytes of the answer, read to its end."""
    note = partial(Asked().note_codes, About(1, 1, "benchmark"))
    asked = bulk(space, evaluator, 0.9, OCTETS, Path(tempfile.gettempdir()), note)
    reply = await answered(asked, _body(rows, times))
    pieces = getattr(reply, "body_iterator", None)
    return len(reply.body) if pieces is None else sum([len(piece) async for piece in pieces])


async def _body(rows: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        for at in range(0, len(rows), PIECE_BYTES):
            yield rows[at : at + PIECE_BYTES]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(run)
