"""What the kernel tells of a process and its children: CPU time and memory."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SCHEDULER = 2  #: of the kinds of clock that clock_getcpuclockid(3) makes of a process: time on processors
_IDLE = (3, 4)  #: of the columns of /proc/stat: idle, and waiting for a disk


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU time of all processors, and of two processes: the server's, and the load's own."""

    machine_s: float
    server_s: float
    load_s: float

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(
            self.machine_s - before.machine_s, self.server_s - before.server_s, self.load_s - before.load_s
        )

    @property
    def others_s(self) -> float:
        """The database's processes, where it has some, and whatever else ran."""
        return self.machine_s - self.server_s - self.load_s


def spent(server_pid: int) -> Spent:
    """So far. The caller is the load."""
    return Spent(_machine_s(), cpu_s(server_pid), cpu_s(os.getpid()))


def _machine_s() -> float:
    columns = Path("/proc/stat").read_text().partition("\n")[0].split()[1:8]
    return sum(int(ticks) for at, ticks in enumerate(columns) if at not in _IDLE) / _TICKS


def cpu_s(pid: int) -> float:
    """Of the process itself, its threads among it. To the nanosecond: /proc counts hundredths of a second."""
    return time.clock_gettime((~pid << 3) | _SCHEDULER)


def tree_cpu_s(pid: int) -> float:
    """Of the process and all that it started, whether it still runs or has been waited for: the latter in
    hundredths of a second.
    """
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return cpu_s(pid) + sum(map(int, words[13:15])) / _TICKS + sum(map(tree_cpu_s, children(pid)))


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for file in tasks for word in file.read_text().split()]


def memory_mb(pid: int) -> float:
    """Proportional set size, with all children: pages that several share count once in all."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    own_kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return own_kib * 1024 / 1e6 + sum(map(memory_mb, children(pid)))


def peak_memory_mb(pid: int) -> float:
    return _status_kib(pid, "VmHWM") * 1024 / 1e6


def _status_kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
