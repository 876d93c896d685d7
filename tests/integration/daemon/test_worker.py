"""The daemon's side of its worker, with small programs in the worker's place."""

import asyncio
import sys
from pathlib import Path

import pytest

from edgemeter.wire.specs import JobSpec
from edgemeter_agents.daemon.worker_messages import Describe, MeasureJobs
from edgemeter_agents.daemon.workers import Worker, WorkerError, worker_command

from .conftest import children, running, wait_for

ORDER = MeasureJobs(target="box.cpu.fake-1.0.fp32.t1.b1", spec=JobSpec(), jobs=())
DONE = '{"type": "done", "seed": 0, "provenance": {}, "outcomes": [], "measuring_s": 0.5}'
ANSWERS = f"import sys\nfor line in sys.stdin: print({DONE!r}, flush=True)"
#: Tells that it measures, with a grandchild in a session of its own, and never ends.
HANGS = (
    "import subprocess, sys; sys.stdin.readline();"
    "child = subprocess.Popen(['sleep', '1000'], start_new_session=True);"
    'print(\'{"type": "told", "text": "measuring"}\', flush=True); child.wait()'
)


def worker(folder: Path, program: str, warm_s: float = 60.0) -> Worker:
    return Worker([sys.executable, "-c", program], folder / "work", warm_s)


async def test_one_process_serves_many_orders(tmp_path: Path) -> None:
    asked = worker(tmp_path, ANSWERS)
    await asked.measure(ORDER, 30.0, lambda _: None)
    pid = asked.pid
    done = await asked.measure(ORDER, 30.0, lambda _: None)
    assert asked.pid == pid
    assert done.measuring_s == 0.5
    await asked.stop()
    assert not (tmp_path / "work").exists()


async def test_it_is_let_go_when_it_has_rested_long_enough(tmp_path: Path) -> None:
    asked = worker(tmp_path, ANSWERS, warm_s=0.05)
    await asked.measure(ORDER, 30.0, lambda _: None)
    pid = asked.pid
    assert pid is not None
    await asyncio.to_thread(wait_for, lambda: not Path(f"/proc/{pid}").exists())
    await asked.measure(ORDER, 30.0, lambda _: None)
    assert asked.pid != pid
    await asked.stop()


async def test_cancelling_ends_everything_that_was_started(tmp_path: Path) -> None:
    asked = worker(tmp_path, HANGS)
    measuring = asyncio.Event()
    task = asyncio.create_task(asked.measure(ORDER, 30.0, lambda _: measuring.set()))
    await measuring.wait()
    assert asked.pid is not None
    (grandchild,) = children(asked.pid)
    task.cancel()
    await asyncio.wait([task])
    assert asked.pid is None
    assert not running(grandchild)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import sys; sys.stdin.readline()", "ended"),
        ("import sys; sys.stdin.readline(); print('nonsense', flush=True); sys.stdin.read()", "garbled"),
        ("import sys; sys.stdin.readline(); print('{\"type\"', end='', flush=True)", "ended"),
        ("import sys; sys.stdin.read()", "nothing for"),
    ],
)
async def test_a_worker_that_fails_is_told_and_replaced(tmp_path: Path, program: str, words: str) -> None:
    asked = worker(tmp_path, program)
    with pytest.raises(WorkerError, match=words):
        await asked.measure(ORDER, 1.0, lambda _: None)
    assert asked.pid is None
    asked = worker(tmp_path, ANSWERS)
    await asked.measure(ORDER, 30.0, lambda _: None)
    await asked.stop()


async def test_what_a_killed_daemon_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / "work" / "edgemeter-abc" / "model"
    left.mkdir(parents=True)
    worker(tmp_path, ANSWERS)
    assert not (tmp_path / "work").exists()


async def test_the_machine_is_described_with_what_does_not_change_by_itself(tmp_path: Path) -> None:
    real = Worker(worker_command(tmp_path), tmp_path / "work")
    request = Describe(threads=(1, 4096), batches=(1, 8))
    first, again = await real.describe(request), await real.describe(request)
    await real.stop()
    assert first.offers == again.offers
    assert first.offers
    assert {offer.target.batch for offer in first.offers} == {1, 8}
    assert {offer.target.threads for offer in first.offers} == {1}, "there are no 4096 processors"
    assert all(offer.fingerprint["engine"] and offer.fingerprint["kernel"] for offer in first.offers)
