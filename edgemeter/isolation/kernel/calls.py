"""System calls by number and by the C library's name, with errors raised as OSError."""

import ctypes
import os
import signal
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38


def syscall(number: int, *arguments: Any) -> int:
    """Integers go as machine words, anything else as ctypes passes it."""
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *words))


def prctl(option: int, *arguments: int) -> int:
    words = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *words))


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)))


def capset(header: ctypes.Structure, sets: ctypes.Array[Any]) -> None:
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref(sets)))


def die_with_parent(parent_pid: int, by: signal.Signals) -> None:
    """Asks for the signal `by` when the parent dies, and exits at once if it is dead already."""
    prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """Makes this process the parent of all its descendants that lose theirs."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def keep_own_proc_readable() -> None:
    """Undoes what a change of user does to a process's own entries in /proc."""
    prctl(_PR_SET_DUMPABLE, 1)


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
