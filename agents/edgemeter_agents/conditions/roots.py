"""Where the kernel tells about the machine, and how its small files are read: garbage is "unknown"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LARGEST_BYTES = 1 << 20
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_CPU_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Roots:
    """The trees that everything here is read from; tests and pulled copies of a device name their own."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    etc: Path = Path("/etc")


def read_text(path: Path) -> str | None:
    """The stripped text of a file, None where it is absent, unreadable or answers with an error.

    Attributes of sysfs may refuse a read at any time (EBUSY, EAGAIN, ENODEV of a sleeping sensor).
    """
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_BYTES).decode(errors="replace").strip("\0 \t\r\n")
    except OSError:
        return None


def read_integer(path: Path) -> int | None:
    return parse_integer(read_text(path))


def parse_integer(text: str | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def parse_cpus(text: str | None) -> tuple[int, ...]:
    """The kernel's list format: "0-3,8" is (0, 1, 2, 3, 8). What is not a range is left out."""
    cpus: set[int] = set()
    for part in (text or "").replace(" ", ",").split(","):
        if found := _CPU_RANGE.fullmatch(part):
            first = int(found[1])
            cpus.update(range(first, int(found[2] or first) + 1))
    return tuple(sorted(cpus))


def numbered(folder: Path, prefix: str) -> Iterator[tuple[int, Path]]:
    """The entries `prefix0`, `prefix1`, ... of a folder in numerical order; none where it is absent."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return
    pattern = re.compile(re.escape(prefix) + r"([0-9]{1,6})", re.ASCII)
    numbers = [int(found[1]) for name in names if (found := pattern.fullmatch(name))]
    yield from ((number, folder / f"{prefix}{number}") for number in sorted(numbers))
