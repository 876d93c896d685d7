"""What the contract suite does with a runtime, and what it must look at in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edgemeter_agents.runtimes.base import Runtime, Session, Settings
from edgemeter_agents.runtimes.registry import resolve

_PROCESS_TIMEOUT_S = 100


def check_in_new_process(
    check: Callable[..., None],
    runtime: Runtime,
    *arguments: object,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Calls `check`, a function of this module, in a fresh interpreter: with the runtime's class by name."""
    reference = f"{type(runtime).__module__}:{type(runtime).__qualname__}"
    program = (
        f"import sys; from edgemeter_agents.runtimes import testing; testing.{check.__name__}(*sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, reference, *map(str, arguments)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **variables},
        capture_output=True,
        text=True,
        timeout=_PROCESS_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def check_runs(runtime: str, network: str) -> None:
    run_and_close(resolve(runtime), Path(network))


def check_loading_starts_no_thread(runtime: str) -> None:
    before = thread_count()
    resolve(runtime).load()
    assert thread_count() == before, "a fork would lose the engine's threads, and their locks"


def check_forked_child(runtime: str, network: str) -> None:
    loaded = resolve(runtime)
    loaded.load()
    child = os.fork()
    if child == 0:
        session = loaded.prepare(Path(network), Settings(), {})
        outputs_of(session, seed=1)
        session.close()
        sys.exit(0)  # not os._exit: what the engine does when a process ends must not hang
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def check_affinity(runtime: str, network: str) -> None:
    chosen = {max(os.sched_getaffinity(0))}
    os.sched_setaffinity(0, chosen)
    session = resolve(runtime).prepare(Path(network), Settings(cpus=tuple(chosen)), {})
    outputs_of(session, seed=1)
    threads = [int(task.name) for task in Path("/proc/self/task").iterdir()]
    assert all(os.sched_getaffinity(thread) == chosen for thread in threads)


def check_calling_thread(runtime: str, network: str) -> None:
    """SCHED_FIFO is given to the calling thread alone: what others compute would go without."""
    session = resolve(runtime).prepare(Path(network), Settings(threads=1), {})
    outputs_of(session, seed=1)
    process_s, thread_s = time.process_time(), time.thread_time()
    while time.thread_time() - thread_s < 0.05:  # of CPU, not of wall time
        session.run()
    elsewhere_s = (time.process_time() - process_s) - (time.thread_time() - thread_s)
    assert elsewhere_s < 0.01, "another thread computes"


def thread_count() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def run_and_close(runtime: Runtime, network: Path) -> None:
    session = runtime.prepare(network, Settings(threads=2), {})
    outputs_of(session, seed=1)
    session.close()


def inputs_of(session: Session, seed: int) -> dict[str, NDArray[np.generic]]:
    generator = np.random.default_rng(seed)
    return {spec.name: (generator.random(spec.shape) * 100).astype(spec.dtype) for spec in session.inputs}


def outputs_of(session: Session, seed: int) -> dict[str, NDArray[np.generic]]:
    session.bind(inputs_of(session, seed))
    session.run()
    return session.read()
