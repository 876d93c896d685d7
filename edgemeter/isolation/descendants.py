"""The processes below this one: what they use, and an end that none of them escapes.

A process is only ever killed as a child of this process that it has not reaped, so
its id cannot belong to anybody else. A child's children become ours when it dies,
because supervisor and nursery adopt orphans: killing children until there are none
ends whatever was started, however often it forked or left its group.
"""

import contextlib
import os
import signal
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_LISTS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children").exists()  # not in every kernel


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process, or several, use. Processor time includes children that were waited for."""

    cpu_s: float
    memory_bytes: int
    processes: int
    threads: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu_s + other.cpu_s,
            self.memory_bytes + other.memory_bytes,
            self.processes + other.processes,
            self.threads + other.threads,
        )


NOTHING = Usage(0.0, 0, 0, 0)


def usage() -> Usage:
    """The sum over all descendants of this process that are alive."""
    return sum((_usage_of(pid) for pid in _below(os.getpid())), start=NOTHING)


def parse_stat(text: str) -> Usage:
    """Reads a line of /proc/PID/stat. The name in it may hold anything, so it is skipped from behind."""
    fields = text.rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Usage(ticks / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES, 1, int(fields[17]))


def _usage_of(pid: int) -> Usage:
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (OSError, IndexError):  # it is gone
        return NOTHING


def _below(pid: int) -> Iterator[int]:
    waiting = _children(pid)
    while waiting:
        found = waiting.pop()
        yield found
        waiting += _children(found)


def _children(pid: int) -> list[int]:
    return _listed_children(pid) if _LISTS_CHILDREN else _searched_children(pid)


def _listed_children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def _searched_children(pid: int) -> list[int]:
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            fields = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(process.name))
    return found


def kill_children(keep: Collection[int] = ()) -> None:
    """Sends SIGKILL to every child and to the group of every child. Does not wait."""
    own_group = os.getpgid(0)
    for pid in _children(os.getpid()):
        if pid in keep:
            continue
        with contextlib.suppress(ProcessLookupError):
            group = os.getpgid(pid)
            # A group that an unreaped child is in cannot be anybody else's by now.
            if group != own_group:
                os.killpg(group, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
