"""How much of the machine a child may use."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one child and everything that it starts. Passing one ends all of them.

    `memory_bytes` is the sum of resident memory as read about 20 times a second, so a
    child may pass it for some 50 ms; address space is not limited, because engines
    reserve far more of it than they use. It counts what the nursery has preloaded.
    `cpu_s` is checked at the same rate.
    `processes` and `threads` count the whole group. With one process, a second one
    is refused by the kernel where seccomp is available.
    `file_size_bytes` bounds each file that is written, `message_bytes` one message to
    the parent and `total_bytes` all of them together.
    """

    wall_s: float = 60.0
    cpu_s: float = 60.0
    memory_bytes: int = 2048 * MIB
    file_size_bytes: int = 256 * MIB
    open_files: int = 256
    processes: int = 1
    threads: int = 256
    message_bytes: int = 64 * MIB
    total_bytes: int = 256 * MIB


DEFAULT_LIMITS = Limits()
