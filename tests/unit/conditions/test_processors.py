from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.conditions.processors import (
    Cluster,
    NotEnoughProcessorsError,
    Processor,
    Topology,
    choose_cpus,
    read_topology,
)
from edgemeter_agents.conditions.roots import Roots

Grow = Callable[[Mapping[str, str]], Roots]
CPU = "sys/devices/system/cpu"


def clusters(topology: Topology) -> dict[str, tuple[int, ...]]:
    return {cluster.name: cluster.cpus for cluster in topology.clusters}


def test_a_phone_has_three_clusters(snapdragon: Roots) -> None:
    topology = read_topology(snapdragon)
    assert clusters(topology) == {"big": (7,), "middle": (4, 5, 6), "little": (0, 1, 2, 3)}
    assert topology.processors[4].capacity == 870
    assert topology.processors[7].max_khz == 2_841_600


def test_one_thread_runs_on_the_fastest_core(snapdragon: Roots) -> None:
    choice = choose_cpus(read_topology(snapdragon), 1)
    assert (choice.cpus, choice.cluster, choice.core_left) == ((7,), "big", True)


def test_more_threads_go_to_the_fastest_cluster_that_has_enough(snapdragon: Roots) -> None:
    topology = read_topology(snapdragon)
    assert choose_cpus(topology, 2).cpus == (4, 5)
    assert choose_cpus(topology, 4).cluster == "little"


def test_big_and_little_are_never_mixed(snapdragon: Roots) -> None:
    with pytest.raises(NotEnoughProcessorsError, match=r"5 threads .* cluster 'little' offers 4"):
        choose_cpus(read_topology(snapdragon), 5)


def test_a_cluster_can_be_named(snapdragon: Roots) -> None:
    topology = read_topology(snapdragon)
    # Processor 0 is left to the agent and its interrupts.
    assert choose_cpus(topology, 1, "little").cpus == (1,)
    with pytest.raises(NotEnoughProcessorsError, match="no cluster 'huge'"):
        choose_cpus(topology, 1, "huge")
    with pytest.raises(NotEnoughProcessorsError, match="'big' offers 1"):
        choose_cpus(topology, 2, "big")


def test_favoured_cores_of_a_pc_are_no_cluster_of_their_own(desktop: Roots) -> None:
    assert clusters(read_topology(desktop)) == {"cpu": tuple(range(8))}


def test_whole_cores_come_before_second_threads(desktop: Roots) -> None:
    topology = read_topology(desktop)
    three = choose_cpus(topology, 3)
    assert len({cpu % 4 for cpu in three.cpus}) == 3
    assert 0 not in {cpu % 4 for cpu in three.cpus}
    assert three.shared_core
    everything = choose_cpus(topology, 8)
    assert not everything.core_left
    assert not everything.shared_core


def test_cores_switched_off_are_not_chosen(jetson: Roots) -> None:
    topology = read_topology(jetson)
    assert clusters(topology) == {"cpu": (0, 1, 2, 3)}
    assert not topology.processors[5].online
    choice = choose_cpus(topology, 4)
    assert choice.cpus == (0, 1, 2, 3)
    assert not choice.core_left


def test_two_processors_leave_the_first_to_the_agent(bare_vm: Roots) -> None:
    choice = choose_cpus(read_topology(bare_vm), 1)
    assert choice.cpus == (1,)
    assert choice.core_left


def test_affinity_limits_the_choice(bare_vm: Roots) -> None:
    (bare_vm.proc / "self/status").write_text("Cpus_allowed_list:\t0\n")
    choice = choose_cpus(read_topology(bare_vm), 1)
    assert choice.cpus == (0,)
    assert not choice.core_left


def test_the_cpuset_of_a_container_limits_it_too(grow: Grow, snapdragon: Roots) -> None:
    limits = {"sys/fs/cgroup/cpuset.cpus.effective": "0-5\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}
    topology = read_topology(grow(limits))
    assert topology.quota == 1.5
    assert [p.index for p in topology.processors if p.usable] == [0, 1, 2, 3, 4, 5]
    assert choose_cpus(topology, 1).cluster == "middle"


def test_isolated_processors_are_meant_for_this(desktop: Roots) -> None:
    (desktop.sys / "devices/system/cpu/isolated").write_text("2,6\n")
    assert choose_cpus(read_topology(desktop), 2).cpus == (2, 6)


def test_a_machine_that_tells_nothing_offers_what_is_allowed(grow: Grow) -> None:
    topology = read_topology(grow({"proc/self/status": "Cpus_allowed_list:\t0-3\n"}))
    assert clusters(topology) == {"cpu": (0, 1, 2, 3)}
    assert len(choose_cpus(topology, 2).cpus) == 2


def test_garbage_never_raises(broken: Roots) -> None:
    assert read_topology(broken).processors


def test_zero_threads_are_refused(bare_vm: Roots) -> None:
    with pytest.raises(ValueError, match="0 threads"):
        choose_cpus(read_topology(bare_vm), 0)


@given(st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_choices_are_distinct_usable_and_honest(count: int, threads: int, doubled: bool) -> None:
    half = max(count // 2, 1)
    processors = tuple(
        Processor(
            index=n,
            capacity=None,
            max_khz=None,
            siblings=tuple(sorted({n % half, n % half + half})) if doubled else (n,),
            online=True,
            isolated=False,
            allowed=n % 5 != 4,
        )
        for n in range(count)
    )
    topology = Topology(processors, (Cluster("cpu", tuple(range(count))),))
    usable = {p.index for p in processors if p.usable}
    if threads > len(usable):
        with pytest.raises(NotEnoughProcessorsError):
            choose_cpus(topology, threads)
        return
    choice = choose_cpus(topology, threads)
    assert len(set(choice.cpus)) == threads
    assert set(choice.cpus) <= usable
    assert choice.core_left == (threads < len(usable))
    assert choice == choose_cpus(topology, threads)
    if not doubled and 0 in choice.cpus:
        assert threads == len(usable)
