"""Resident memory of this process, now and at its peak."""

import re
import resource
from pathlib import Path

_SELF = Path("/proc/self")


def resident_bytes(process: Path = _SELF) -> int:
    """Pages in memory now. `process` is a folder as in /proc.

    Raises OSError where the kernel does not tell.
    """
    resident = _status_bytes(process, "VmRSS")
    if resident is None:
        raise OSError("the kernel does not tell the resident memory of a process")
    return resident


def peak_resident_bytes(process: Path = _SELF) -> int:
    """The most that was resident since the process began, or since `reset_peak`."""
    peak = _status_bytes(process, "VmHWM")
    # Sandboxes such as gVisor have no VmHWM; getrusage knows the peak since the start, in KiB.
    return peak if peak is not None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def reset_peak(process: Path = _SELF) -> bool:
    """Sets the peak to what is resident now. False where that is not permitted."""
    try:
        (process / "clear_refs").write_text("5")
    except OSError:  # a process that changed its user may not write to its own folder
        return False
    return True


def _status_bytes(process: Path, field: str) -> int | None:
    text = (process / "status").read_text(errors="replace")
    found = re.search(rf"^{field}:\s*([0-9]{{1,15}}) kB$", text, re.MULTILINE | re.ASCII)
    return int(found[1]) * 1024 if found else None
