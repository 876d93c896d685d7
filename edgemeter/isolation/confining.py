"""The steps by which a fresh child gives up what it does not need, in the order that works."""

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from edgemeter.isolation.attempts import Attempts
from edgemeter.isolation.confinement import Achieved, Confinement
from edgemeter.isolation.kernel import calls, capabilities, landlock, seccomp
from edgemeter.isolation.limits import Limits
from edgemeter.isolation.users import give_up_root

# What interpreters and inference engines were seen to open after their import.
_SYSTEM_READABLE = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/os-release",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/dev/urandom",
    "/dev/random",
)
_SYSTEM_WRITABLE = ("/dev/null", "/dev/zero")
#: The priority of this process's session, where the kernel shares processors out by session.
_AUTOGROUP = Path("/proc/self/autogroup")

_User = Literal["unprivileged", "capabilities dropped", "same"]


def confine(confinement: Confinement, limits: Limits, parent_pid: int) -> Achieved:
    """Confines this process for good and tells how far that went.

    To be called in a fresh child of one thread. Steps that the system refuses are
    left out and told in `Achieved.degraded`; nothing is raised for them. Raises
    OSError when a path of `confinement` does not exist.
    """
    attempt = Attempts()
    kept = _schedule(confinement, attempt)
    _limit(limits, attempt)
    ruleset = _ruleset(confinement, limits, attempt)
    user, namespace = _give_up_powers(confinement, kept, attempt)
    # A change of user or of capabilities has cleared both.
    calls.die_with_parent(parent_pid, signal.SIGKILL)
    calls.keep_own_proc_readable()
    alone = attempt("no_new_privs", calls.forbid_new_privileges)
    walled = ruleset is not None and attempt("landlock", ruleset.enforce)
    filtered = confinement.seccomp and attempt("seccomp", lambda: _filter(limits))
    return Achieved(
        user=user,
        network="namespace" if namespace else "seccomp" if filtered else "none",
        filesystem="landlock" if walled else "none",
        memory="watchdog" if Path("/proc/self/stat").exists() else "none",
        seccomp=filtered,
        no_new_privs=alone,
        landlock_abi=landlock.abi(),
        degraded=tuple(attempt.refused),
    )


def _schedule(confinement: Confinement, attempt: Attempts) -> int:
    """Returns the capabilities to keep for the priority that was asked for."""
    if confinement.cpus:
        attempt("cpus", lambda: os.sched_setaffinity(0, confinement.cpus))
    if confinement.nice:
        attempt("nice", lambda: _be_nice(confinement.nice))
    priority = confinement.rtprio_limit
    if attempt("rtprio_limit", lambda: _set_limit(resource.RLIMIT_RTPRIO, priority)) or not priority:
        return 0
    # A container's root may set priorities without being allowed to raise limits.
    return capabilities.held() & capabilities.SYS_NICE


def _be_nice(nice: int) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    # A process's own priority counts within its session only then, and the child has one to itself.
    if _AUTOGROUP.exists():
        _AUTOGROUP.write_text(str(nice))


def _limit(limits: Limits, attempt: Attempts) -> None:
    # No RLIMIT_CPU: with it, the kernel reads out a process's CPU time only as of the last
    # timer tick (4 ms), which no measurement can use. The watchdog keeps cpu_s.
    attempt("core dumps", lambda: _lower(resource.RLIMIT_CORE, 0))
    attempt("file_size_bytes", lambda: _lower(resource.RLIMIT_FSIZE, limits.file_size_bytes))
    attempt("open_files", lambda: _lower(resource.RLIMIT_NOFILE, limits.open_files))
    # When the machine's memory runs out, the kernel shall take the child and not its parents.
    attempt("oom_score_adj", lambda: Path("/proc/self/oom_score_adj").write_text("1000"))


def _lower(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    _set_limit(limit, value)


def _set_limit(limit: int, value: int) -> None:
    resource.prlimit(0, limit, (value, value))  # setrlimit would raise ValueError for a refusal


def _ruleset(confinement: Confinement, limits: Limits, attempt: Attempts) -> landlock.Ruleset | None:
    if not confinement.landlock:
        return None
    version = landlock.abi()
    if version == 0:
        attempt.refused.append("landlock: not in this kernel")
        return None
    ruleset = landlock.Ruleset(version)
    read, proc = landlock.READ, "/proc/self"
    if limits.processes > 1:
        # The rule is for one folder, and every process has its own /proc/self.
        read, proc = landlock.READ | landlock.Right.EXECUTE, "/proc"
    ruleset.allow(_present(*_SYSTEM_READABLE, proc, sys.prefix, sys.base_prefix, *sys.path), read)
    ruleset.allow(_present(*_SYSTEM_WRITABLE), landlock.WRITE)
    ruleset.allow(confinement.readable, read)
    ruleset.allow(confinement.writable, landlock.WRITE)
    if confinement.folder is not None:
        ruleset.allow([confinement.folder], landlock.WRITE)
    return ruleset


def _present(*paths: str) -> Iterator[Path]:
    return (Path(path) for path in paths if path and Path(path).exists())


def _give_up_powers(confinement: Confinement, kept: int, attempt: Attempts) -> tuple[_User, bool]:
    powerful = capabilities.held() != 0
    namespace = confinement.namespaces and _leave_network_as_root()
    if powerful:
        attempt("bounding set", capabilities.drop_bounds)
    unprivileged = confinement.user and os.geteuid() == 0 and give_up_root(confinement, attempt)
    if confinement.namespaces and not namespace:
        namespace = attempt("namespaces", _leave_network_as_user)
    dropped = attempt("capabilities", lambda: capabilities.drop(kept))
    if kept:
        attempt.refused.append("capabilities: CAP_SYS_NICE is kept for rtprio_limit")
    user: _User = "capabilities dropped" if powerful and dropped else "same"
    return "unprivileged" if unprivileged else user, namespace


def _leave_network_as_root() -> bool:
    with contextlib.suppress(OSError):
        calls.unshare(calls.CLONE_NEWNET | calls.CLONE_NEWIPC)
        return True
    return False


def _leave_network_as_user() -> None:
    user, group = os.geteuid(), os.getegid()
    calls.unshare(calls.CLONE_NEWUSER | calls.CLONE_NEWNET | calls.CLONE_NEWIPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    capabilities.drop_bounds()


def _filter(limits: Limits) -> None:
    seccomp.install(one_process=limits.processes == 1)
