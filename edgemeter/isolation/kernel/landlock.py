"""Landlock: the files that this process and its descendants may still open.

Signals and abstract sockets to outside, and TCP, are refused as well where the
kernel's version of Landlock (its ABI) knows them.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from enum import IntFlag
from pathlib import Path

from edgemeter.isolation.kernel import calls

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_NET_TCP = 0b11  # bind and connect, since ABI 4
_SCOPE_OUTSIDE = 0b11  # abstract unix sockets and signals, since ABI 6


class Right(IntFlag):
    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Right.READ_FILE | Right.READ_DIR
WRITE = (
    READ
    | Right.WRITE_FILE
    | Right.REMOVE_DIR
    | Right.REMOVE_FILE
    | Right.MAKE_DIR
    | Right.MAKE_REG
    | Right.TRUNCATE
    | Right.IOCTL_DEV
)
_ON_FILES = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def abi() -> int:
    """The version that the kernel speaks, 0 for none."""
    try:
        return calls.syscall(_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    except OSError:
        return 0


class Ruleset:
    """Made while the paths can still be opened, enforced after privileges are gone."""

    def __init__(self, version: int) -> None:
        self._handled = _known(version)
        attributes = _Ruleset(
            fs=int(self._handled),
            net=_NET_TCP if version >= 4 else 0,
            scoped=_SCOPE_OUTSIDE if version >= 6 else 0,
        )
        self._fd = calls.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)

    def allow(self, paths: Iterable[Path], rights: Right) -> None:
        for path in paths:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                self._allow(fd, rights)
            finally:
                os.close(fd)

    def _allow(self, fd: int, rights: Right) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _ON_FILES
        rule = _PathBeneath(allowed=int(rights & self._handled), parent_fd=fd)
        calls.syscall(_ADD_RULE, self._fd, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)

    def enforce(self) -> None:
        """Cannot be taken back. Needs no_new_privs or root's power."""
        calls.syscall(_RESTRICT_SELF, self._fd, 0)
        os.close(self._fd)


def _known(version: int) -> Right:
    last = Right.MAKE_SYM
    for since, right in ((2, Right.REFER), (3, Right.TRUNCATE), (5, Right.IOCTL_DEV)):
        if version >= since:
            last = right
    return Right((int(last) << 1) - 1)
