"""Priorities in real processes: what one that gave up root's rights may still do."""

import os
from collections.abc import Callable
from typing import Any

import pytest

SWITCH = """
import json, os, resource, threading
from edgemeter_agents.conditions.priority import FifoSwitch, permitted_fifo
try:
    resource.setrlimit(resource.RLIMIT_RTPRIO, (1, 1))
except (ValueError, OSError):
    pass
{drop}
stop = threading.Event()
started = threading.Thread(target=stop.wait)
def policies():
    plain = ~os.SCHED_RESET_ON_FORK
    return sorted(os.sched_getscheduler(int(t)) & plain for t in os.listdir("/proc/self/task"))
seen = {{"user": os.getuid(), "permitted": permitted_fifo() is not None, "before": policies()}}
switch = FifoSwitch()
try:
    switch.enter()
    started.start()
    seen["inside"] = policies()
    switch.leave()
except PermissionError:
    seen["refused"] = True
seen["after"] = policies()
stop.set()
print(json.dumps(seen))
"""

RAISE = """
import json, resource
try:
    resource.setrlimit(resource.RLIMIT_RTPRIO, (1, 1))
except ValueError:
    print(json.dumps(False))
else:
    print(json.dumps(True))
"""

PROBE = """
import json, os, resource
from dataclasses import asdict
from edgemeter_agents.conditions.permissions import probe_permissions
from edgemeter_agents.conditions.roots import Roots
{limits}
{drop}
print(json.dumps(asdict(probe_permissions(Roots()))))
"""

MEMORY = """
import json, os
from edgemeter_agents.conditions.memory import peak_resident_bytes, reset_peak, resident_bytes
{drop}
reset = reset_peak()
block = bytearray(32 << 20)
# The kernel adds up what is resident in batches of pages: two readings differ by a few of them.
above = peak_resident_bytes() - resident_bytes() >= -(1 << 20)
print(json.dumps([reset, above, peak_resident_bytes() >= len(block)]))
"""


@pytest.fixture
def may_raise_limits(run_program: Callable[[str], Any]) -> bool:
    raised: bool = run_program(RAISE)
    return raised


def limits(rtprio: int, nice: int) -> str:
    pairs = (("RTPRIO", rtprio), ("NICE", nice))
    return "; ".join(f"resource.setrlimit(resource.RLIMIT_{name}, ({n}, {n}))" for name, n in pairs)


def check_switched(seen: dict[str, Any]) -> None:
    assert seen["permitted"]
    assert seen["before"] == [os.SCHED_OTHER]
    assert seen["inside"] == [os.SCHED_OTHER, os.SCHED_FIFO]  # the one started inside has not inherited it
    assert seen["after"] == [os.SCHED_OTHER] * 2


def test_the_thread_switches_and_comes_back(run_program: Callable[[str], Any]) -> None:
    seen = run_program(SWITCH.format(drop=""))
    if "refused" in seen:
        pytest.skip("this user may not use SCHED_FIFO here")
    check_switched(seen)


def test_an_unprivileged_process_with_the_limit_can_still_switch(
    run_program: Callable[[str], Any], drop: str, may_raise_limits: bool
) -> None:
    if not may_raise_limits:
        pytest.skip("root may not raise the limit of real-time priority here (no CAP_SYS_RESOURCE)")
    seen = run_program(SWITCH.format(drop=drop))
    assert seen["user"] != 0
    check_switched(seen)


def test_a_refused_switch_changes_nothing(run_program: Callable[[str], Any], drop: str) -> None:
    forbidden = SWITCH.replace("RLIMIT_RTPRIO, (1, 1)", "RLIMIT_RTPRIO, (0, 0)")
    seen = run_program(forbidden.format(drop=drop))
    assert seen["refused"]
    assert not seen["permitted"]
    assert set(seen["after"]) == {os.SCHED_OTHER}


def test_an_unprivileged_user_is_told_what_it_may_not_do(
    run_program: Callable[[str], Any], drop: str
) -> None:
    refused = run_program(PROBE.format(drop=drop, limits=limits(rtprio=0, nice=0)))
    for right in ("fifo", "nice"):
        assert not refused[right]["permitted"]
        assert "is refused: " in refused[right]["reason"]
        assert refused[right]["remedy"].startswith("sudo prlimit")
    assert refused["pinning"]["permitted"]


def test_the_limits_of_the_remedies_really_permit(
    run_program: Callable[[str], Any], drop: str, may_raise_limits: bool
) -> None:
    if not may_raise_limits:
        pytest.skip("root may not raise the limit of real-time priority here (no CAP_SYS_RESOURCE)")
    permitted = run_program(PROBE.format(drop=drop, limits=limits(rtprio=1, nice=40)))
    assert permitted["fifo"]["permitted"]
    assert permitted["nice"]["permitted"]


def test_memory_is_known_after_giving_up_rights(run_program: Callable[[str], Any], drop: str) -> None:
    _, peak_is_above_now, peak_holds_the_block = run_program(MEMORY.format(drop=drop))
    assert peak_is_above_now
    assert peak_holds_the_block
