"""A seccomp filter that refuses what an inference engine never needs.

It is a list of refusals, not of permissions: engines differ too much in what they
call. Files are Landlock's business; this closes sockets, new processes, memory that
no resident set shows, and the ways to reach another process of the same user.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

from edgemeter.isolation.kernel import calls

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SET_MODE_FILTER = 1
# Without this flag older kernels switch processor mitigations on for the process,
# and every latency measured in it would be too long.
_FLAG_SPEC_ALLOW = 4

_X32_CALLS = 0x40000000  # the second table of x86-64: same calls, other numbers
_CLONE_THREAD = 0x00010000
_PR_SET_PDEATHSIG = 1

# x86-64, aarch64
_REFUSED = {
    "socket": (41, 198),
    "io_uring_setup": (425, 425),  # would make sockets behind the filter's back
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "kcmp": (312, 272),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "memfd_create": (319, 279),  # memory outside every resident set, like the next four
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "semget": (64, 190),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    # Landlock does not ask before these, and the child may be the owner of files outside.
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "utimensat": (280, 88),
}
_REFUSED_ON_X86_64 = {
    "chmod": 90,
    "chown": 92,
    "lchown": 94,
    "utime": 132,
    "utimes": 235,
    "futimesat": 261,
}
_REFUSED_TO_ONE_PROCESS = {"execve": (59, 221), "execveat": (322, 281)}
_FORKS_OF_X86_64 = {"fork": 57, "vfork": 58}  # aarch64 has only clone
_TO_ITSELF_ALONE = {"kill": (62, 129), "tgkill": (234, 131)}
_PRLIMIT = (302, 261)
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_PRCTL = (157, 167)

# Classic BPF: operation codes and the places of struct seccomp_data.
_LOAD, _RETURN, _EQUAL, _AT_LEAST, _ANY_BIT = 0x20, 0x06, 0x15, 0x35, 0x45
_NUMBER, _ARCH, _ARGUMENT_0 = 0, 4, 16
_ALLOW = 0x7FFF0000


def _refuse(number: int) -> int:
    return 0x00050000 | number


class _Filter:
    """Instructions in order. Every test falls through to the next one when it does not apply."""

    def __init__(self, machine: str) -> None:
        self._column = ("x86_64", "aarch64").index(machine)
        self._code: list[tuple[int, int, int, int]] = [
            (_LOAD, 0, 0, _ARCH),
            (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
            (_RETURN, 0, 0, _refuse(errno.ENOSYS)),
            (_LOAD, 0, 0, _NUMBER),
            (_AT_LEAST, 0, 1, _X32_CALLS),
            (_RETURN, 0, 0, _refuse(errno.ENOSYS)),
        ]

    def refuse(self, numbers: tuple[int, int], error: int = errno.EPERM) -> None:
        self._code += [(_EQUAL, 0, 1, numbers[self._column]), (_RETURN, 0, 0, _refuse(error))]

    def refuse_unless_argument(self, numbers: tuple[int, int], *tests: tuple[int, int]) -> None:
        """Allows the call when its first argument passes one of `tests`, (operation, operand) each."""
        count = len(tests)
        self._code += [(_EQUAL, 0, count + 3, numbers[self._column]), (_LOAD, 0, 0, _ARGUMENT_0)]
        self._code += [(operation, count - i, 0, operand) for i, (operation, operand) in enumerate(tests)]
        self._code += [(_RETURN, 0, 0, _refuse(errno.EPERM)), (_RETURN, 0, 0, _ALLOW)]

    def refuse_if_argument(self, numbers: tuple[int, int], operand: int) -> None:
        self._code += [
            (_EQUAL, 0, 4, numbers[self._column]),
            (_LOAD, 0, 0, _ARGUMENT_0),
            (_EQUAL, 0, 1, operand),
            (_RETURN, 0, 0, _refuse(errno.EPERM)),
            (_RETURN, 0, 0, _ALLOW),
        ]

    def assembled(self) -> bytes:
        code = [*self._code, (_RETURN, 0, 0, _ALLOW)]
        return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def program(machine: str, pid: int, *, one_process: bool) -> bytes:
    """The filter for process `pid`, as the kernel reads it."""
    filter_ = _Filter(machine)
    for numbers in _REFUSED.values():
        filter_.refuse(numbers)
    if machine == "x86_64":
        for number in _REFUSED_ON_X86_64.values():
            filter_.refuse((number, number))
    filter_.refuse_if_argument(_PRCTL, _PR_SET_PDEATHSIG)
    if one_process:
        _bind_to_one_process(filter_, machine, pid)
    return filter_.assembled()


def _bind_to_one_process(filter_: _Filter, machine: str, pid: int) -> None:
    for numbers in _REFUSED_TO_ONE_PROCESS.values():
        filter_.refuse(numbers)
    if machine == "x86_64":
        for number in _FORKS_OF_X86_64.values():
            filter_.refuse((number, number))
    # The flags of clone3 lie in memory, out of a filter's sight; the C library
    # takes "no such call" as the word to use clone, whose flags can be seen.
    filter_.refuse(_CLONE3, errno.ENOSYS)
    filter_.refuse_unless_argument(_CLONE, (_ANY_BIT, _CLONE_THREAD))
    for numbers in _TO_ITSELF_ALONE.values():
        filter_.refuse_unless_argument(numbers, (_EQUAL, pid))
    filter_.refuse_unless_argument(_PRLIMIT, (_EQUAL, 0), (_EQUAL, pid))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def install(*, one_process: bool) -> None:
    """Cannot be taken back. Needs no_new_privs; OSError where there is no filter for the machine."""
    machine = platform.machine()
    if machine not in _SECCOMP or sys.maxsize < 2**32:
        raise OSError(errno.ENOSYS, f"no filter for {machine}")
    code = program(machine, os.getpid(), one_process=one_process)
    described = _Program(len(code) // 8, code)
    calls.syscall(_SECCOMP[machine], _SET_MODE_FILTER, _FLAG_SPEC_ALLOW, ctypes.byref(described))
