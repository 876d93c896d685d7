"""The real clock: monotonic wall time, process CPU time and the kernel's run-queue delay."""

import os
import threading
import time
from pathlib import Path


class SystemClock:
    """`Clock` of this process.

    Wall time is CLOCK_MONOTONIC, which every architecture answers without entering the
    kernel; CLOCK_MONOTONIC_RAW differs by the slewing of NTP (at most 0.05 %) and is a
    system call on older ARM kernels.

    CPU time is that of the calling thread, which computes alone when an engine has one thread; with more,
    the other threads' is added as the scheduler keeps it. The kernel's clock of a whole process is of no
    use: a limit on CPU time makes it move in steps of a tick.

    Make one after a fork, never before, and on the thread that measures: the scheduler's figures are
    read through files that belong to the process that opened them.
    """

    def __init__(self, threads: int = 1, tasks: Path = Path("/proc/self/task")) -> None:
        own = str(threading.get_native_id())
        self._scheduler = SchedulerFigures(tasks, own, others=threads > 1)
        self.wall_ns = time.perf_counter_ns
        self.cpu_ns = time.thread_time_ns if threads == 1 else self._all_threads_ns
        self.delay_ns = self._scheduler.waiting_ns

    @property
    def delay_available(self) -> bool:
        """False where the kernel keeps no run-queue delay; `delay_ns` then stays 0."""
        return self._scheduler.available

    def sleep(self, duration_s: float) -> None:
        time.sleep(duration_s)

    def close(self) -> None:
        self._scheduler.close()

    def _all_threads_ns(self) -> int:
        return time.thread_time_ns() + self._scheduler.running_elsewhere_ns()


class SchedulerFigures:
    """What the scheduler keeps of threads: time running, and time runnable without running.

    Of the thread `own`, and of all `others` of the process if wanted: with one computing thread theirs
    would cost more to read than they tell.

    `schedstat` holds "running_ns waiting_ns timeslices" for each thread. The files are kept
    open; the folder's link count tells cheaply that threads came or went. A thread that ended
    keeps counting with its last reading, so that the sum never falls.
    """

    def __init__(self, tasks: Path, own: str, *, others: bool) -> None:
        self._tasks = tasks
        self._own = own
        self._others = others
        self._files: dict[str, int] = {}
        self._seen_ns: dict[str, tuple[int, int]] = {}  # running, waiting
        self._links = -1
        self._folder: int | None = None
        self.available = _keeps_delay(tasks)
        if self.available:
            self._folder = os.open(tasks, os.O_RDONLY | os.O_DIRECTORY)

    def waiting_ns(self) -> int:
        """Run-queue delay of the threads together."""
        self._read_all()
        return sum(waiting for _, waiting in self._seen_ns.values())

    def running_elsewhere_ns(self) -> int:
        """CPU time of all others, as of their last turn: exact once they rest."""
        self._read_all()
        return sum(running for thread, (running, _) in self._seen_ns.items() if thread != self._own)

    def _read_all(self) -> None:
        if self._folder is None:
            return
        links = os.fstat(self._folder).st_nlink if self._others else 0
        if links != self._links:
            self._links = links
            self._open_new_threads()
        for thread, file in tuple(self._files.items()):
            self._read(thread, file)

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files.clear()
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def _open_new_threads(self) -> None:
        for task in self._tasks.iterdir() if self._others else [self._tasks / self._own]:
            if task.name not in self._files:
                try:
                    self._files[task.name] = os.open(task / "schedstat", os.O_RDONLY)
                except FileNotFoundError:
                    continue  # ended between the two calls

    def _read(self, thread: str, file: int) -> None:
        try:
            running, waiting, _ = os.pread(file, 64, 0).split()
        except ProcessLookupError:
            os.close(self._files.pop(thread))
            self._links = -1  # another thread may have begun: the count alone would hide it
        else:
            self._seen_ns[thread] = int(running), int(waiting)


def _keeps_delay(tasks: Path) -> bool:
    # Without CONFIG_SCHED_INFO the file is missing or reads "0 0 0"; a thread that runs has had a timeslice.
    try:
        readings = [file.read_text().split() for file in tasks.glob("*/schedstat")]
    except OSError:
        return False
    return any(len(reading) == 3 and reading[2] != "0" for reading in readings)
