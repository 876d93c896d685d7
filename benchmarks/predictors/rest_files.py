"""A file of 14 MB handed in and predicted by its kernels, in CPU time of the server and all its children.

It needs this machine's own predictor of ONNX Runtime: `edgemeter kernels measure` and `fit`.
"""

import hashlib
import json
import statistics
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.predictors.rest_server import NOTHING
from benchmarks.report import Figure, at_most, reported
from benchmarks.service.http import Connection
from benchmarks.service.processes import tree_cpu_s
from edgemeter.kernels.places import predictor_path, saved_targets
from edgemeter.networks.writing import write
from edgemeter.spaces.references.assembling import reference_network
from edgemeter.targets import Precision, Target, TargetSelector, target_of

_FILES: Final = 12
_REPEATED: Final = 400
_TURNS: Final = 3
_ESTIMATES: Final = "/v1/estimates"
_OCTETS: Final = "application/octet-stream"


def own_predictor() -> tuple[Target, Path] | None:
    """The newest of ONNX Runtime that was fitted here, and its target."""
    paths = map(predictor_path, saved_targets(TargetSelector.parse("onnxruntime")))
    newest = max(paths, key=lambda path: path.stat().st_mtime, default=None)
    target = newest and target_of(newest.name.removesuffix(predictor_path("").name))
    return (target, newest) if newest and target else None


async def file_figures(connection: Connection, pid: int, target: Target, predictor: Path) -> Sequence[Figure]:
    """Other files each time, of the same network: nothing that is kept of one helps with the next."""
    await connection.call(
        "POST", f"/v1/predictors/kernels?target={target.slug}", predictor.read_bytes(), _OCTETS
    )
    files = list(_files())
    # Made before: hashing a file in between would push the server out of the processor's caches.
    messages = [_message(file, target) for file in files]
    await _handed_in(connection, files[0])
    await _asked(connection, messages[0])  # the predictor is opened once
    uploads = [await _cpu_ms(pid, partial(_handed_in, connection, file)) for file in files[1:]]
    cold = [await _cpu_ms(pid, partial(_asked, connection, message)) for message in messages[1:]]

    async def again(path: str) -> None:
        for _ in range(_REPEATED):
            await connection.call("POST", path, messages[-1])

    turns = [
        [await _cpu_ms(pid, partial(again, path)) / _REPEATED for path in (NOTHING, _ESTIMATES)]
        for _ in range(_TURNS)
    ]
    nothing, repeated = map(statistics.median, zip(*turns, strict=True))
    megabytes = len(files[0]) / 1e6
    return (
        reported(
            f"a file of {megabytes:.1f} MB handed in: hashed, stored, looked into",
            statistics.fmean(uploads),
            " ms",
        ),
        at_most(
            "an ONNX file predicted the first time after it was handed in", statistics.median(cold), 8, " ms"
        ),
        at_most("an ONNX file predicted again", repeated, 1, " ms"),
        reported("an ONNX file's message, nothing done", nothing, " ms"),
    )


def _files() -> Iterator[bytes]:
    """Each with another byte in its weights."""
    content = bytearray(write(reference_network("mobilenet_v2", 1.0), "onnx", Precision.FP32))
    middle = len(content) // 2
    for number in range(_FILES + 1):
        content[middle] = number
        yield bytes(content)


async def _handed_in(connection: Connection, file: bytes) -> None:
    await connection.call("PUT", f"/v1/artifacts/{hashlib.sha256(file).hexdigest()}", file, _OCTETS)


async def _asked(connection: Connection, message: bytes) -> None:
    answer = json.loads(await connection.call("POST", _ESTIMATES, message))
    if answer["estimates"][0]["source"] != "predicted":
        raise RuntimeError(f"this was to be a prediction: {answer}")


def _message(file: bytes, target: Target) -> bytes:
    message = {"artifacts": [hashlib.sha256(file).hexdigest()], "targets": [target.slug]}
    return json.dumps(message).encode()


async def _cpu_ms(pid: int, call: Callable[[], Awaitable[None]]) -> float:
    before_s = tree_cpu_s(pid)
    await call()
    return 1e3 * (tree_cpu_s(pid) - before_s)
