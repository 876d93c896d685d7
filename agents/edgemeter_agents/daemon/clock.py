"""The daemon's clock: only differences of it mean anything."""

import time


def now_s() -> float:
    """Goes on while the machine sleeps, which leases do too; nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
