"""The processors of the machine, their clusters, and which of them a measurement runs on."""

import os
from dataclasses import dataclass
from pathlib import Path

from edgemeter_agents.conditions.cgroup import allowed_cpus, cpu_quota
from edgemeter_agents.conditions.frequency import read_policies
from edgemeter_agents.conditions.roots import Roots, numbered, parse_cpus, read_integer, read_text

#: Slower than this share of a cluster's fastest processor is another cluster. Favoured cores of x86
#: turbo some per cent higher than their equals; real clusters of phones differ by 10 % and more.
SAME_CLUSTER = 0.93


@dataclass(frozen=True, slots=True)
class Processor:
    """One logical processor. `siblings` are all threads of its core, itself included.

    `capacity` is the kernel's relative speed (1024 is the fastest of the machine).
    """

    index: int
    capacity: int | None
    max_khz: int | None
    siblings: tuple[int, ...]
    online: bool
    isolated: bool
    allowed: bool

    @property
    def usable(self) -> bool:
        return self.online and self.allowed


@dataclass(frozen=True, slots=True)
class Cluster:
    """Processors of about one speed. Alone it is named "cpu", else "big", "middle" ..., "little"."""

    name: str
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """All processors by number, and the clusters of those online, from the fastest to the slowest.

    `quota` is how many processors' worth of time a container may use (1.5), None where unlimited.
    """

    processors: tuple[Processor, ...]
    clusters: tuple[Cluster, ...]
    quota: float | None = None

    def usable(self, cluster: Cluster) -> tuple[Processor, ...]:
        return tuple(p for p in self.processors if p.usable and p.index in cluster.cpus)


@dataclass(frozen=True, slots=True)
class CpuChoice:
    """`core_left`: a processor outside of the choice remains for the agent, without which a
    real-time measurement would starve it. `shared_core`: a chosen core's other thread is not chosen,
    so that what runs there slows the measurement.
    """

    cpus: tuple[int, ...]
    cluster: str
    core_left: bool
    shared_core: bool


class NotEnoughProcessorsError(ValueError):
    """More threads are asked for than the processors of any one cluster that this process may use."""


def read_topology(roots: Roots) -> Topology:
    """What the kernel tells; a machine that tells nothing is one cluster of the processors allowed."""
    cpu = roots.sys / "devices" / "system" / "cpu"
    allowed = _allowed(roots)
    online = set(parse_cpus(read_text(cpu / "online"))) or allowed
    isolated = set(parse_cpus(read_text(cpu / "isolated")))
    max_khz = {n: policy.hardware_max_khz for policy in read_policies(roots) for n in policy.cpus}
    folders = dict(numbered(cpu, "cpu")) or {n: cpu / f"cpu{n}" for n in online}
    processors = tuple(
        Processor(
            index=number,
            capacity=read_integer(folder / "cpu_capacity"),
            max_khz=max_khz.get(number),
            siblings=_siblings(folder, number),
            online=number in online,
            isolated=number in isolated,
            allowed=number in allowed,
        )
        for number, folder in sorted(folders.items())
    )
    return Topology(processors, _clusters([p for p in processors if p.online]), cpu_quota(roots))


def choose_cpus(topology: Topology, threads: int, cluster: str | None = None) -> CpuChoice:
    """One processor for each thread, all of one cluster: the named one, or the fastest that has enough.

    Prefers processors isolated for such use, whole cores over second threads of a core, and leaves
    processor 0, which most interrupts go to, to the agent.
    Raises NotEnoughProcessorsError where no such cluster has enough; big and little are never mixed.
    """
    if threads < 1:
        raise ValueError(f"{threads} threads cannot run anything")
    candidates = [c for c in topology.clusters if cluster in (None, c.name)]
    usable = {c.name: topology.usable(c) for c in candidates}
    chosen = next((name for name, processors in usable.items() if len(processors) >= threads), None)
    if chosen is None:
        raise NotEnoughProcessorsError(_why_not(usable, threads, cluster))
    order = sorted(usable[chosen], key=lambda p: _preference(p, usable[chosen]))
    cpus = tuple(sorted(p.index for p in order[:threads]))
    taken = set(cpus)
    siblings = {s for p in order[:threads] for s in p.siblings}
    left = {p.index for p in topology.processors if p.usable} - taken
    return CpuChoice(cpus, chosen, core_left=bool(left), shared_core=bool(siblings - taken))


def _preference(processor: Processor, among: tuple[Processor, ...]) -> tuple[bool, int, bool, int]:
    thread_of_core = sum(p.index > processor.index for p in among if p.index in processor.siblings)
    return (not processor.isolated, thread_of_core, 0 in processor.siblings, processor.index)


def _why_not(usable: dict[str, tuple[Processor, ...]], threads: int, cluster: str | None) -> str:
    if not usable:
        return f"this machine has no cluster {cluster!r}"
    name, most = max(((name, len(processors)) for name, processors in usable.items()), key=lambda c: c[1])
    return f"{threads} threads asked for, but cluster {name!r} offers {most} processors to this process"


def _clusters(online: list[Processor]) -> tuple[Cluster, ...]:
    speeds = _speeds(online)
    groups: list[list[Processor]] = []
    for processor in sorted(online, key=lambda p: -speeds[p.index]):
        if groups and speeds[processor.index] >= SAME_CLUSTER * speeds[groups[-1][0].index]:
            groups[-1].append(processor)
        else:
            groups.append([processor])
    return tuple(
        Cluster(name, tuple(sorted(p.index for p in group)))
        for name, group in zip(_names(len(groups)), groups, strict=True)
    )


def _speeds(online: list[Processor]) -> dict[int, int]:
    # Capacity knows about instructions per cycle too; a mixture of both units would compare nothing.
    if all(p.capacity for p in online):
        return {p.index: p.capacity or 0 for p in online}
    return {p.index: p.max_khz or 0 for p in online}


def _names(count: int) -> list[str]:
    if count <= 1:
        return ["cpu"] * count
    between = ["middle"] if count == 3 else [f"middle{n}" for n in range(1, count - 1)]
    return ["big", *between, "little"]


def _siblings(folder: Path, number: int) -> tuple[int, ...]:
    return parse_cpus(read_text(folder / "topology" / "thread_siblings_list")) or (number,)


def _allowed(roots: Roots) -> set[int]:
    status = read_text(roots.proc / "self" / "status") or ""
    lists = [
        line.partition(":")[2].strip() for line in status.splitlines() if line.startswith("Cpus_allowed_list")
    ]
    affinity = set(parse_cpus(lists[0])) if lists else set()
    affinity = affinity or os.sched_getaffinity(0)
    cpuset = allowed_cpus(roots)
    # A cpuset that shares nothing with the affinity is another group's file.
    return affinity & set(cpuset) or affinity if cpuset else affinity
