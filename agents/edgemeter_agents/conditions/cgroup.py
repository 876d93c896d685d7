"""The limits of the container or service that this process runs in (cgroup version 1 and 2)."""

import re
from pathlib import Path, PurePosixPath

from edgemeter_agents.conditions.roots import Roots, parse_cpus, parse_integer, read_integer, read_text


def allowed_cpus(roots: Roots) -> tuple[int, ...] | None:
    """Processors of the cpuset, None where no cpuset limits them."""
    for folder in _folders(roots, "cpuset"):
        for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
            if cpus := parse_cpus(read_text(folder / name)):
                return cpus
    return None


def cpu_quota(roots: Roots) -> float | None:
    """Processors' worth of time per period (1.5 for `docker run --cpus 1.5`), None where unlimited."""
    for folder in _folders(roots, "cpu"):
        quota, _, period = (read_text(folder / "cpu.max") or "").partition(" ")
        quota_us = parse_integer(quota) or read_integer(folder / "cpu.cfs_quota_us")
        period_us = parse_integer(period) or read_integer(folder / "cpu.cfs_period_us")
        if quota_us and period_us and quota_us > 0 and period_us > 0:
            return quota_us / period_us
    return None


def throttled_ns(roots: Roots) -> int | None:
    """Time that the quota has kept runnable threads waiting since the group began."""
    for folder in _folders(roots, "cpu"):
        text = read_text(folder / "cpu.stat") or ""
        if found := re.search(r"^throttled_(usec|time) ([0-9]{1,18})$", text, re.MULTILINE | re.ASCII):
            return int(found[2]) * (1000 if found[1] == "usec" else 1)
    return None


def _folders(roots: Roots, controller: str) -> list[Path]:
    """This process's own group first; the mount's root is what a container without its own view sees."""
    base = roots.sys / "fs" / "cgroup"
    folders = []
    for line in (read_text(roots.proc / "self" / "cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        inside = PurePosixPath(path).relative_to("/") if path.startswith("/") else None
        if inside is None or ".." in inside.parts:
            continue
        if controllers == "":
            folders += [base / inside, base]
        elif controller in controllers.split(","):
            folders += [base / controller / inside, base / controller]
    return folders or [base]
