"""The daemon's side of its worker: starts it when it is needed, keeps it warm, ends it at once."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from edgemeter.failures import EdgeMeterError
from edgemeter_agents.daemon.process_tree import kill_tree
from edgemeter_agents.daemon.worker_messages import (
    ANSWER,
    LINE_BYTES,
    BuildNetworks,
    Built,
    Describe,
    Described,
    Done,
    Last,
    Line,
    MeasureJobs,
    Told,
)

WARM_S = 60.0
DESCRIBE_TIMEOUT_S = 120.0


class WorkerError(EdgeMeterError):
    """The worker ended, spoke garbage, or said nothing for too long. It is gone when this is raised."""


def worker_command(state: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "edgemeter_agents.daemon.worker", str(os.getpid()), str(state)]


class Worker:
    """At most one process, for one request at a time. It works in a folder that goes when it does."""

    def __init__(self, command: Sequence[str], folder: Path, warm_s: float = WARM_S) -> None:
        self._command = command
        self._folder = folder
        self._warm_s = warm_s
        self._process: asyncio.subprocess.Process | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._changing = asyncio.Lock()  # one that ends and one that begins share the folder
        self._resting: asyncio.Task[None] | None = None
        _remove(folder)  # what a daemon that was killed has left

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def describe(self, request: Describe) -> Described:
        """Raises WorkerError."""
        answer = await self._ask(request, DESCRIBE_TIMEOUT_S, lambda _: None)
        if not isinstance(answer, Described):
            raise WorkerError("the worker answered something else")
        return answer

    async def measure(self, request: MeasureJobs, patience_s: float, tell: Callable[[str], None]) -> Done:
        """`patience_s` is how long it may say nothing. Raises WorkerError."""
        answer = await self._ask(request, patience_s, tell)
        if not isinstance(answer, Done):
            raise WorkerError("the worker answered something else")
        return answer

    async def build(self, request: BuildNetworks, patience_s: float) -> Built:
        """`patience_s` is for each of the networks. Raises WorkerError."""
        answer = await self._ask(request, patience_s * len(request.jobs), lambda _: None)
        if not isinstance(answer, Built):
            raise WorkerError("the worker answered something else")
        return answer

    async def warm_up(self) -> None:
        """Starts it while there is something else to wait for. Raises OSError."""
        self._keep_warm()
        await self._started()

    async def stop(self) -> None:
        """Ends it with everything it started, at once."""
        async with self._changing:
            await self._stop()

    async def _stop(self) -> None:
        self._forget_rest()
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            await asyncio.to_thread(kill_tree, process.pid)
            await process.wait()
        await asyncio.to_thread(_remove, self._folder)

    async def _ask(self, request: Line, patience_s: float, tell: Callable[[str], None]) -> Last:
        self._forget_rest()
        try:
            process = await self._started()
            assert process.stdin is not None  # noqa: S101  as asked for
            process.stdin.write(request.model_dump_json().encode() + b"\n")
            await process.stdin.drain()
            while True:
                answer = await self._answer(process, patience_s)
                if not isinstance(answer, Told):
                    self._keep_warm()
                    return answer
                tell(answer.text)
        except OSError as error:
            await self.stop()
            raise WorkerError(f"the worker cannot be started: {error.strerror or error}") from error
        except BaseException:  # cancelled, too: what is measured must not go on
            await asyncio.shield(self.stop())
            raise

    async def _answer(self, process: asyncio.subprocess.Process, patience_s: float) -> Last | Told:
        assert process.stdout is not None  # noqa: S101  as asked for
        try:
            line = await asyncio.wait_for(process.stdout.readline(), patience_s)
        except TimeoutError:
            raise WorkerError(f"the worker said nothing for {patience_s:.0f} s") from None
        except ValueError:
            raise WorkerError("the worker's answer is too long") from None
        if not line.endswith(b"\n"):
            raise WorkerError("the worker ended before it was done")
        try:
            return ANSWER.validate_json(line)
        except ValidationError:
            raise WorkerError("the worker garbled its answer") from None

    async def _started(self) -> asyncio.subprocess.Process:
        async with self._changing:
            if self._process is None or self._process.returncode is not None:
                await self._stop()
                self._process = await self._start()
            return self._process

    async def _start(self) -> asyncio.subprocess.Process:
        self._folder.mkdir(parents=True, mode=0o711)
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            env={**os.environ, "TMPDIR": str(self._folder)},
        )

    def _keep_warm(self) -> None:
        self._forget_rest()
        self._rest = asyncio.get_running_loop().call_later(self._warm_s, self._let_go)

    def _let_go(self) -> None:
        self._resting = asyncio.get_running_loop().create_task(self.stop())

    def _forget_rest(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None


def _remove(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
