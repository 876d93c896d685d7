"""Giving up the parts of root's power for good."""

import ctypes
import errno
from pathlib import Path

from edgemeter.isolation.kernel import calls

_VERSION_3 = 0x20080522
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


KILL = 1 << 5
SYS_NICE = 1 << 23


def held() -> int:
    """The capabilities that this process has, as bits."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapPrm:"))


def drop_bounds() -> None:
    """Empties the bounding set, so that no program that is executed gets a capability back."""
    for capability in range(64):
        try:
            if calls.prctl(_PR_CAPBSET_READ, capability):
                calls.prctl(_PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return  # past the last capability of this kernel
            raise


def survive_change_of_user() -> None:
    """Keeps what is permitted until `drop`, through the next change from root to another user."""
    calls.prctl(_PR_SET_KEEPCAPS, 1)


def drop(keep: int = 0) -> None:
    """Empties all sets of this thread, up to those of the first 32 capabilities that `keep` names."""
    calls.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    sets = (_Sets * 2)(_Sets(effective=keep, permitted=keep), _Sets())
    calls.capset(_Header(_VERSION_3, 0), sets)
