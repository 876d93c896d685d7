"""The filter is run here by a small interpreter of its instructions, for both architectures."""

import errno
import re
import struct
from pathlib import Path

import pytest

from edgemeter.isolation.kernel import seccomp

PID = 4242
ALLOWED = None
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = ("x86_64", "aarch64")


def decide(program: bytes, number: int, argument: int = 0, arch: int = AUDIT["x86_64"]) -> int | None:
    """Returns the errno of a refusal, None for a call that is allowed."""
    data = struct.pack("=IIQQ", number, arch, 0, argument)
    code = list(struct.iter_unpack("=HBBI", program))
    place = value = 0
    while True:
        operation, if_true, if_false, operand = code[place]
        place += 1
        match operation:
            case 0x20:
                value = struct.unpack_from("=I", data, operand)[0]
            case 0x06:
                return None if operand == 0x7FFF0000 else operand & 0xFFFF
            case 0x15:
                place += if_true if value == operand else if_false
            case 0x35:
                place += if_true if value >= operand else if_false
            case 0x45:
                place += if_true if value & operand else if_false
            case _:
                raise AssertionError(hex(operation))


def program(machine: str, one_process: bool = True) -> bytes:
    return seccomp.program(machine, PID, one_process=one_process)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("one_process", [True, False])
def test_every_listed_call_is_refused(machine: str, one_process: bool) -> None:
    column = MACHINES.index(machine)
    filter_ = program(machine, one_process)
    for name, numbers in seccomp._REFUSED.items():
        assert decide(filter_, numbers[column], arch=AUDIT[machine]) == errno.EPERM, name


@pytest.mark.parametrize("machine", MACHINES)
def test_what_engines_need_is_allowed(machine: str) -> None:
    needed = {
        "x86_64": (0, 1, 2, 3, 9, 10, 11, 12, 13, 14, 24, 28, 35, 39, 158, 202, 203, 228, 231, 257, 318, 334),
        "aarch64": (
            29,
            35,
            56,
            57,
            63,
            64,
            94,
            98,
            113,
            115,
            122,
            134,
            135,
            172,
            214,
            215,
            222,
            226,
            233,
            278,
        ),
    }
    for number in needed[machine]:
        assert decide(program(machine), number, arch=AUDIT[machine]) is ALLOWED, number


@pytest.mark.parametrize("machine", MACHINES)
def test_one_process_makes_threads_and_no_processes(machine: str) -> None:
    column, arch = MACHINES.index(machine), AUDIT[machine]
    thread, process = 0x003D0F00, 0x01200011  # what the C library asks for
    clone, clone3 = seccomp._CLONE[column], seccomp._CLONE3[column]
    assert decide(program(machine), clone, thread, arch) is ALLOWED
    assert decide(program(machine), clone, process, arch) == errno.EPERM
    assert decide(program(machine), clone3, 0, arch) == errno.ENOSYS
    for number in (clone, clone3):
        assert decide(program(machine, one_process=False), number, process, arch) is ALLOWED


def test_fork_and_exec_of_one_process_are_refused() -> None:
    for number in (*seccomp._FORKS_OF_X86_64.values(), 59, 322):
        assert decide(program("x86_64"), number) == errno.EPERM
        assert decide(program("x86_64", one_process=False), number) is ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_signals_and_limits_reach_only_the_process_itself(machine: str) -> None:
    column, arch = MACHINES.index(machine), AUDIT[machine]
    for numbers in seccomp._TO_ITSELF_ALONE.values():
        assert decide(program(machine), numbers[column], PID, arch) is ALLOWED
        for other in (0, 1, PID + 1, 0xFFFFFFFF):
            assert decide(program(machine), numbers[column], other, arch) == errno.EPERM
    prlimit = seccomp._PRLIMIT[column]
    assert decide(program(machine), prlimit, 0, arch) is ALLOWED
    assert decide(program(machine), prlimit, PID, arch) is ALLOWED
    assert decide(program(machine), prlimit, 1, arch) == errno.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_the_death_signal_cannot_be_cleared(machine: str) -> None:
    prctl, arch = seccomp._PRCTL[MACHINES.index(machine)], AUDIT[machine]
    assert decide(program(machine), prctl, 1, arch) == errno.EPERM
    assert decide(program(machine), prctl, 15, arch) is ALLOWED


def test_another_architectures_calls_do_not_exist() -> None:
    i386 = 0x40000003
    assert decide(program("x86_64"), 0, arch=i386) == errno.ENOSYS
    assert decide(program("x86_64"), 0x40000000 + 41) == errno.ENOSYS  # x32


def test_a_machine_without_a_table_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp.platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="riscv64"):
        seccomp.install(one_process=True)


HEADERS = (
    Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    Path("/usr/include/asm-generic/unistd.h"),
)


@pytest.mark.parametrize("column", [0, 1], ids=MACHINES)
def test_the_numbers_are_those_of_the_kernel(column: int) -> None:
    header = HEADERS[column]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(), re.MULTILINE)
    numbers = {name: int(number) for name, number in found}
    ours = {
        name: pair[column]
        for name, pair in {
            **seccomp._REFUSED,
            **seccomp._REFUSED_TO_ONE_PROCESS,
            **seccomp._TO_ITSELF_ALONE,
            "clone": seccomp._CLONE,
            "clone3": seccomp._CLONE3,
            "prctl": seccomp._PRCTL,
            "prlimit64": seccomp._PRLIMIT,
        }.items()
    }
    if column == 0:
        ours |= seccomp._REFUSED_ON_X86_64 | seccomp._FORKS_OF_X86_64
    # Headers may be older than a call; one that they know has this number.
    assert {name: numbers.get(name, number) for name, number in ours.items()} == ours
