"""What a child is asked to give up before it touches anything untrusted, and what it did give up."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one child may see and how it is scheduled.

    `folder` is its private folder: working directory, HOME, TMPDIR and the only place
    where it may write. Without one it may write nowhere. `readable` and `writable` are
    further paths (a calibration file, a device node); they must exist.

    `cpus` (empty: unchanged), `nice` and `rtprio_limit` are applied while the privileges
    of the parent are still held. `rtprio_limit` is the highest SCHED_FIFO priority that
    the child may take later on its own, 0 for none.

    The last four switch a layer off where an engine or a device driver does not bear it.
    What is then missing shows in `Achieved`, like a layer that the system refuses.
    """

    folder: Path | None = None
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    cpus: tuple[int, ...] = ()
    nice: int = 0
    rtprio_limit: int = 0
    user: bool = True
    namespaces: bool = True
    landlock: bool = True
    seccomp: bool = True


DEFAULT_CONFINEMENT = Confinement()


@dataclass(frozen=True, slots=True)
class Achieved:
    """The confinement that a child really runs under; part of a measurement's provenance.

    `user`: "unprivileged" is a user id of its own; "capabilities dropped" is the parent's
    id without any privilege; "same" is the parent's id, which had no privilege.
    `network`: "namespace" has no interface at all; "seccomp" refuses to make sockets (it
    does so beside a namespace as well, see `seccomp`); "none" leaves the network open.
    `degraded` says in words what was tried or asked for and refused.
    """

    user: Literal["unprivileged", "capabilities dropped", "same"]
    network: Literal["namespace", "seccomp", "none"]
    filesystem: Literal["landlock", "none"]
    memory: Literal["watchdog", "none"]
    seccomp: bool
    no_new_privs: bool
    landlock_abi: int
    degraded: tuple[str, ...] = ()
