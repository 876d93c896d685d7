from collections.abc import Callable, Mapping

import pytest

from edgemeter_agents.conditions.cgroup import allowed_cpus, cpu_quota, throttled_ns
from edgemeter_agents.conditions.roots import Roots

Grow = Callable[[Mapping[str, str]], Roots]

UNIFIED = "sys/fs/cgroup"


def test_version_2_in_a_group_of_its_own(grow: Grow) -> None:
    group = f"{UNIFIED}/docker/abc"
    roots = grow(
        {
            "proc/self/cgroup": "0::/docker/abc\n",
            f"{group}/cpuset.cpus.effective": "2-3\n",
            f"{group}/cpu.max": "150000 100000\n",
            f"{group}/cpu.stat": "usage_usec 9\nnr_throttled 4\nthrottled_usec 1234\n",
            f"{UNIFIED}/cpuset.cpus.effective": "0-7\n",
        }
    )
    assert allowed_cpus(roots) == (2, 3)
    assert cpu_quota(roots) == 1.5
    assert throttled_ns(roots) == 1_234_000


def test_version_1_keeps_a_tree_for_each_controller(grow: Grow) -> None:
    roots = grow(
        {
            "proc/self/cgroup": "5:cpuset:/box\n4:cpu,cpuacct:/box\n0::/\n",
            f"{UNIFIED}/cpuset/box/cpuset.effective_cpus": "1\n",
            f"{UNIFIED}/cpu/box/cpu.cfs_quota_us": "50000\n",
            f"{UNIFIED}/cpu/box/cpu.cfs_period_us": "100000\n",
            f"{UNIFIED}/cpu/box/cpu.stat": "nr_periods 1\nthrottled_time 77\n",
        }
    )
    assert (allowed_cpus(roots), cpu_quota(roots), throttled_ns(roots)) == ((1,), 0.5, 77)


def test_a_container_sees_its_group_as_the_root_of_the_mount(grow: Grow) -> None:
    roots = grow({"proc/self/cgroup": "0::/docker/not/visible\n", f"{UNIFIED}/cpu.max": "200000 100000\n"})
    assert cpu_quota(roots) == 2.0


@pytest.mark.parametrize("text", ["max 100000", "garbage", "0 0", "100 0", "-1 100000", ""])
def test_no_quota(grow: Grow, text: str) -> None:
    assert cpu_quota(grow({f"{UNIFIED}/cpu.max": text})) is None
    assert cpu_quota(grow({f"{UNIFIED}/cpu/cpu.cfs_quota_us": "-1", "proc/self/cgroup": "1:cpu:/\n"})) is None


@pytest.mark.parametrize("line", ["0::/../../etc", "0::relative", "::", "", "1:cpu:"])
def test_odd_groups_are_left_alone(grow: Grow, line: str) -> None:
    roots = grow({"proc/self/cgroup": line, "sys/etc/cpu.max": "1 1", f"{UNIFIED}/x": ""})
    assert cpu_quota(roots) is None
    assert allowed_cpus(roots) is None
