"""What this process may do to keep a measurement undisturbed: really tried, with what would permit it."""

import ctypes
import errno
import os
import platform
import resource
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from edgemeter_agents.conditions.roots import Roots, read_integer, read_text

LOWEST_NICE = -20

_REALTIME_REMEDY = "sudo prlimit --pid $$ --rtprio=1"
_CONTAINER_REMEDY = "docker run --cap-add SYS_NICE ..."
_HIGHEST_USEFUL_PARANOIA = 2  # processes may count their own user-mode events


@dataclass(frozen=True, slots=True)
class Permission:
    """`reason` says in words what was found; `remedy` is a command that would permit it, where one exists."""

    permitted: bool
    reason: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """`fifo`: SCHED_FIFO in a measuring child that kept no capability; `nice`: -20; `pinning`: choosing
    processors; `counters`: hardware counters; `schedstat`: run-queue delays, without which contention
    cannot be told.
    """

    fifo: Permission
    nice: Permission
    pinning: Permission
    counters: Permission
    schedstat: Permission


def probe_permissions(roots: Roots) -> Permissions:
    """Tries each right in a thread that ends afterwards, so that nothing of this process changes.

    The limit of real-time priority belongs to the process: it is raised for the try and put back.
    """
    return Permissions(
        fifo=_probe_fifo(roots),
        nice=_probe_nice(),
        pinning=_probe_pinning(),
        counters=_probe_counters(roots),
        schedstat=_probe_schedstat(roots),
    )


def _probe_fifo(roots: Roots) -> Permission:
    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    enough = hard if hard == resource.RLIM_INFINITY or hard >= 1 else 1
    # Root that may not raise the limit, as in many containers, leaves its child CAP_SYS_NICE instead.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_RTPRIO, (1, enough))
    try:
        refusal = _refused(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
    finally:
        resource.setrlimit(resource.RLIMIT_RTPRIO, (soft, hard))
    if refusal is None:
        return Permission(True, f"SCHED_FIFO is permitted; {_realtime_share(roots)}")
    remedy = _CONTAINER_REMEDY if os.geteuid() == 0 else _REALTIME_REMEDY
    return Permission(False, f"SCHED_FIFO is refused: {refusal}", remedy)


def _realtime_share(roots: Roots) -> str:
    kernel = roots.proc / "sys" / "kernel"
    runtime_us = read_integer(kernel / "sched_rt_runtime_us")
    period_us = read_integer(kernel / "sched_rt_period_us")
    if runtime_us is None or not period_us:
        return "the kernel does not tell how much time it may take"
    if runtime_us < 0:
        return "nothing limits the time it may take"
    return f"it may take {runtime_us / period_us:.0%} of each {period_us / 1e6:g} s"


def _probe_nice() -> Permission:
    refusal = _refused(lambda: os.setpriority(os.PRIO_PROCESS, 0, LOWEST_NICE))
    if refusal is None:
        return Permission(True, f"nice {LOWEST_NICE} is permitted")
    return Permission(False, f"nice {LOWEST_NICE} is refused: {refusal}", "sudo prlimit --pid $$ --nice=40")


def _probe_pinning() -> Permission:
    refusal = _refused(lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
    if refusal is None:
        return Permission(True, "processors can be chosen")
    return Permission(False, f"processors cannot be chosen: {refusal}")


def _probe_counters(roots: Roots) -> Permission:
    failure = _open_cycle_counter()
    if failure is None:
        return Permission(True, "hardware counters can be read")
    if failure not in (errno.EACCES, errno.EPERM):
        return Permission(False, "this machine offers no hardware counters")
    level = read_integer(roots.proc / "sys" / "kernel" / "perf_event_paranoid")
    if level is not None and level > _HIGHEST_USEFUL_PARANOIA:
        reason = f"hardware counters are refused: kernel.perf_event_paranoid is {level}"
        return Permission(False, reason, f"sudo sysctl kernel.perf_event_paranoid={_HIGHEST_USEFUL_PARANOIA}")
    return Permission(False, "hardware counters are refused by a sandbox around this process")


def _probe_schedstat(roots: Roots) -> Permission:
    # Three numbers: time run, time runnable but waiting, timeslices.
    fields = (read_text(roots.proc / "self" / "schedstat") or "").split()
    if len(fields) == 3 and all(f.isascii() and f.isdigit() for f in fields) and int(fields[0]) > 0:
        return Permission(True, "the kernel tells run-queue delays")
    return Permission(False, "this kernel does not tell run-queue delays (CONFIG_SCHED_INFO)")


def _refused(attempt: Callable[[], object]) -> str | None:
    """Why the kernel refuses `attempt`, None where it does not. Linux applies it to one thread alone."""
    refusals: list[str] = []

    def work() -> None:
        try:
            attempt()
        except OSError as error:
            refusals.append(error.strerror or "unknown error")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return refusals[0] if refusals else None


class _EventAttributes(ctypes.Structure):
    # The first published form of struct perf_event_attr, 64 bytes: every kernel takes it.
    _fields_ = (
        ("type", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("config", ctypes.c_uint64),
        ("sample_period", ctypes.c_uint64),
        ("sample_type", ctypes.c_uint64),
        ("read_format", ctypes.c_uint64),
        ("flags", ctypes.c_uint64),
        ("wakeup_events", ctypes.c_uint32),
        ("breakpoint_type", ctypes.c_uint32),
        ("breakpoint_address", ctypes.c_uint64),
    )


# The kernel's numbers of perf_event_open; glibc has no wrapper.
_SYSTEM_CALL = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "armv7l": 364, "armv6l": 364, "i686": 336}
_DISABLED, _EXCLUDE_KERNEL, _EXCLUDE_HYPERVISOR = 1 << 0, 1 << 5, 1 << 6


def _open_cycle_counter() -> int | None:
    """Opens and closes a counter of this thread's cycles in user mode; the errno where it fails."""
    number = _SYSTEM_CALL.get(platform.machine())
    if number is None:
        return errno.ENOSYS
    attributes = _EventAttributes(size=ctypes.sizeof(_EventAttributes))
    attributes.flags = _DISABLED | _EXCLUDE_KERNEL | _EXCLUDE_HYPERVISOR
    libc = ctypes.CDLL(None, use_errno=True)
    none = ctypes.c_int(-1)
    descriptor = libc.syscall(
        ctypes.c_long(number), ctypes.byref(attributes), ctypes.c_int(0), none, none, ctypes.c_ulong(0)
    )
    if descriptor < 0:
        return ctypes.get_errno()
    os.close(descriptor)
    return None
