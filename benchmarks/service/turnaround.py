"""From submitting a network of a millisecond to its answer, by a real agent, and what it needs idle."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.networks import Recipe, build
from benchmarks.report import Figure, at_most, main, reported
from benchmarks.service.http import Connection
from benchmarks.service.processes import children, memory_mb
from benchmarks.service.server import Server, installation, serving
from benchmarks.service.sizes import scaled
from edgemeter.isolation.kernel.calls import die_with_parent
from edgemeter_agents.daemon.workers import WARM_S

_TIMES = 20
_READY_S, _TURN_S = 60.0, 0.2
_DEVICE = "bench"
_NETWORK = Recipe(width=16, size=32, blocks=4)


def run() -> Sequence[Figure]:
    with installation("sqlite") as settings, serving(settings) as server:
        return asyncio.run(_figures(server))


async def _figures(server: Server) -> Sequence[Figure]:
    admin = await Connection.open(server.url, server.admin_token())
    message = {"name": _DEVICE, "role": "enrolment", "device": _DEVICE}
    enrolment = await admin.post("/v1/tokens", message)
    folder = server.data_folder.parent
    with _agent(server.url, enrolment["token"], folder) as pid:
        target = await _offered(admin)
        sha256 = await _uploaded(admin, folder)
        await _answered(admin, sha256, target)  # fetched, anchors read
        took = [await _answered(admin, sha256, target) for _ in range(scaled(_TIMES))]
        warm_mb = memory_mb(pid)
        await _at_rest(pid)
        idle_mb = memory_mb(pid)
        took.append(await _answered(admin, sha256, target))
    beyond_ms = [
        (whole_s - each_s) * 1000 for whole_s, each_s in zip(took, _measuring_s(folder)[1:], strict=True)
    ]
    *warm_ms, cold_ms = beyond_ms
    return [
        at_most(f"submit to answer beyond measuring, median of {len(warm_ms)}", median(warm_ms), 100, " ms"),
        reported("submit to answer beyond measuring, after a minute without work", cold_ms, " ms"),
        at_most("agent's memory while idle", idle_mb, 60, " MB"),
        reported("agent's memory in the minute after a job, with its worker", warm_mb, " MB"),
    ]


async def _at_rest(pid: int) -> None:
    """The agent keeps its worker for a while after a job."""
    give_up_s = time.monotonic() + WARM_S + _READY_S
    while children(pid):
        if time.monotonic() > give_up_s:
            raise RuntimeError("the agent keeps its worker")
        await asyncio.sleep(_TURN_S)


@contextmanager
def _agent(url: str, token: str, folder: Path) -> Iterator[int]:
    words = ["agent", "--server", url, "--state", str(folder / "agent"), "--device", _DEVICE, "--json"]
    own = {"EDGEMETER_AGENT_ENROL": token, "EDGEMETER_STATE_DIR": str(folder / "state")}
    command = [sys.executable, "-m", "edgemeter", *words, *(["--allow-root"] if os.geteuid() == 0 else [])]
    stop = partial(die_with_parent, os.getpid(), signal.SIGTERM)
    with (
        _log(folder).open("wb") as log,
        subprocess.Popen(
            command, env={**os.environ, **own}, stdout=log, stderr=log, preexec_fn=stop
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            process.terminate()


def _log(folder: Path) -> Path:
    return folder / "agent-log"


def _measuring_s(folder: Path) -> list[float]:
    """What the agent says each measuring took."""
    lines = [json.loads(line) for line in _log(folder).read_text().splitlines() if '"measuring_s"' in line]
    return [line["measuring_s"] for line in lines]


async def _offered(admin: Connection) -> str:
    give_up_s = time.monotonic() + _READY_S
    while time.monotonic() < give_up_s:
        for row in (await admin.get("/v1/targets"))["items"]:
            if ".onnxruntime-" in row["slug"] and ".fp32." in row["slug"]:
                return str(row["slug"])
        await asyncio.sleep(_TURN_S)
    raise RuntimeError("the agent offers nothing")


async def _uploaded(admin: Connection, folder: Path) -> str:
    content = build(_NETWORK, folder).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"/v1/artifacts/{sha256}?project=default&name=network.onnx"
    await admin.call("PUT", path, content, "application/octet-stream")
    return sha256


async def _answered(admin: Connection, sha256: str, target: str) -> float:
    """Seconds."""
    item: dict[str, Any] = {
        "artifact": sha256,
        "target": target,
        "fresh": True,
        "spec": {"protocol": "survey"},
    }
    began_s = time.perf_counter()
    [request] = (await admin.post("/v1/requests", {"items": [item]}))["requests"]
    while request["state"] not in ("done", "failed", "cancelled"):
        request = await admin.get(f"/v1/requests/{request['id']}?wait=30")
    took_s = time.perf_counter() - began_s
    if request["state"] != "done":
        raise RuntimeError(f"not measured: {request}")
    return took_s


if __name__ == "__main__":
    main(run)
