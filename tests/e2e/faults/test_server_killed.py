"""The server is killed at every point of every path that changes something, and started again: what it had
acknowledged is there, what it was told is told again, and has one effect.
"""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

import edgemeter_server
from edgemeter.wire.requests import MAX_ITEMS
from edgemeter_server.jobs.claims import MOST_THOROUGH
from edgemeter_server.testing import PostgresCluster

from .calls import CALLS
from .world import TARGET, World, good

#: Tested elsewhere: nobody calls it, or see below.
OTHERS = {"collection.marked", "collection.deleted", "fit.claimed", "sweep.written"}
_WORKER = """
import os, signal, sys
from edgemeter.cli.main import main
from edgemeter_server import faults

fatal = sys.argv[1]
faults.install(lambda point: os.kill(os.getpid(), signal.SIGKILL) if point == fatal else None)
sys.argv = ["edgemeter", "worker", "--once"]
main()
"""
SOURCES = Path(edgemeter_server.__file__).parent
POINTS = sorted(
    {
        point
        for path in SOURCES.rglob("*.py")
        for point in re.findall(r'faults\.point\("([^"]+)"\)', path.read_text())
    }
)


def answered_by_the_next(world: World, point: str) -> None:
    call = CALLS[point.partition(".")[0]](world)
    world.service.dies_at(point)
    with pytest.raises(httpx.TransportError):
        call.send()
    world.service.ended()
    world.service.dies_at()
    world.service.start()
    call.check(good(call.send()), good(call.send()))
    world.check_nothing_is_lost()


def worker(url: str, dies_at: str) -> subprocess.CompletedProcess[str]:
    """`edgemeter worker --once` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", _WORKER, dies_at],
        check=False,
        text=True,
        timeout=100,
        env={**os.environ, "EDGEMETER_SERVER_DATABASE_URL": url},
    )


def test_every_point_has_its_test() -> None:
    assert {point for point in POINTS if point.partition(".")[0] not in CALLS} == OTHERS


@pytest.mark.parametrize("point", [point for point in POINTS if point not in OTHERS])
def test_killed_at(point: str, world: World) -> None:
    answered_by_the_next(world, point)


@pytest.mark.parametrize("point", ["claim.written", "claim.committed", "report.written", "report.committed"])
def test_killed_on_postgresql_at(point: str, postgres_world: World) -> None:
    answered_by_the_next(postgres_world, point)


def test_killed_while_it_expires_leases(world: World) -> None:
    """A lease runs out while no server is there; the next one dies over it, the one after that expires it."""
    world.service.kill()
    world.service.start(EDGEMETER_SERVER_LEASE_S="0.2")
    job_id = world.requested()["job_id"]
    lease = world.claimed()
    world.service.kill()
    time.sleep(0.2)  # the lease's own time
    world.service.dies_at("sweep.written")
    world.service.order()
    world.service.ended()
    world.service.dies_at()
    world.service.start()
    while world.job(job_id)["state"] != "pending":
        time.sleep(0.02)
    assert [attempt["state"] for attempt in world.job(job_id)["attempts"]] == ["expired"]
    [receipt] = good(world.report(lease))["receipts"]
    assert receipt["state"] == "accepted", "nobody else began: what was measured counts"
    world.check_nothing_is_lost()


def test_killed_while_it_fits_a_predictor(world: World) -> None:
    """Nothing of it is published, and the fit is still held: another worker takes it over when it expires."""
    world.service.dies_at("fit.claimed")
    message = {"space": "nasbench201", "target": TARGET.slug}
    fit = good(world.admin.post("/v1/predictors", json=message))
    world.service.ended()
    world.service.dies_at()
    world.service.start()
    assert good(world.admin.get(f"/v1/fits/{fit['id']}"))["state"] == "running"
    assert good(world.admin.get("/v1/predictors"))["items"] == []
    assert world.admin.post("/v1/predictors", json=message).status_code == 409
    world.check_nothing_is_lost()


def test_a_worker_killed_while_it_fits(postgres_world: World, cluster: PostgresCluster) -> None:
    """Beside a server that leaves fits to it: nothing is published, and the fit is held until it expires.

    That the next worker ends it is in tests/integration/server/predictors, on both databases.
    """
    postgres_world.service.kill()
    postgres_world.service.start(EDGEMETER_SERVER_FIT_HERE="false")
    message = {
        "space": "nasbench201",
        "target": TARGET.slug,
    }
    fit = good(postgres_world.admin.post("/v1/predictors", json=message))
    assert worker(cluster.url("edgemeter"), dies_at="fit.claimed").returncode == -signal.SIGKILL
    assert good(postgres_world.admin.get(f"/v1/fits/{fit['id']}"))["state"] == "running"
    assert good(postgres_world.admin.get("/v1/predictors"))["items"] == []
    postgres_world.check_nothing_is_lost()


def test_postgresql_dies_and_comes_back(postgres_world: World, cluster: PostgresCluster) -> None:
    """Calls are refused, to be made again; the server needs no restart, and what was kept is there."""
    document = postgres_world.requested()
    lease = postgres_world.claimed()
    cluster.stop(signal.SIGQUIT)
    for refused in (postgres_world.report(lease), postgres_world.submit("while-it-is-away")):
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
        assert int(refused.headers["retry-after"]) > 0
    cluster.start()
    while (answer := postgres_world.report(lease)).status_code == 503:
        time.sleep(0.02)
    assert good(answer) == good(postgres_world.report(lease))
    assert postgres_world.job(document["job_id"])["state"] == "done"
    postgres_world.check_nothing_is_lost()


def test_ten_thousand_jobs_in_one_request(world: World) -> None:
    """All are answered in order; the same again, after the server was killed, makes none.

    The last test: whoever came after it would have to measure them.
    """
    items = [
        {"artifact": world.artifact, "target": TARGET.slug, "fresh": True, "spec": {"seed": seed}}
        for seed in range(MAX_ITEMS)
    ]

    def send() -> Any:
        key = {"Idempotency-Key": "ten-thousand"}
        return good(world.admin.post("/v1/requests", json={"items": items}, headers=key))["requests"]

    first = send()
    assert [document["spec"]["seed"] for document in first] == list(range(MAX_ITEMS))
    assert len({document["job_id"] for document in first}) == MAX_ITEMS
    world.service.kill()
    world.service.start()
    assert send() == first
    claimed = good(world.claim(str(uuid.uuid4()), up_to=64))["leases"]
    # `precise` takes long: an agent gets fewer of its jobs at once than it asks for.
    assert len(claimed) == MOST_THOROUGH
    assert {lease["job_id"] for lease in claimed} <= {document["job_id"] for document in first}
