import errno
import os
import resource

import pytest

from edgemeter_agents.conditions import permissions as module
from edgemeter_agents.conditions.permissions import Permissions, probe_permissions
from edgemeter_agents.conditions.roots import Roots


def state() -> tuple[object, ...]:
    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0), limit


def test_probing_changes_nothing_and_explains_everything() -> None:
    before = state()
    found = probe_permissions(Roots())
    assert state() == before
    for name in Permissions.__dataclass_fields__:
        assert getattr(found, name).reason


@pytest.fixture
def raisable(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The limits of real-time priority that are set one after the other; none is refused."""
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, 0))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    return limits


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch, raisable: list[tuple[int, int]]) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr(os, "setpriority", refuse)
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    monkeypatch.setattr(module, "_open_cycle_counter", lambda: errno.EACCES)


@pytest.mark.usefixtures("refusing")
def test_what_is_refused_comes_with_the_command_that_permits_it(bare_vm: Roots) -> None:
    paranoid = bare_vm.proc / "sys/kernel/perf_event_paranoid"
    paranoid.parent.mkdir(parents=True)
    paranoid.write_text("3\n")
    found = probe_permissions(bare_vm)
    assert not found.fifo.permitted
    assert found.fifo.reason == "SCHED_FIFO is refused: Operation not permitted"
    assert found.fifo.remedy is not None
    assert found.nice.remedy == "sudo prlimit --pid $$ --nice=40"
    assert not found.pinning.permitted
    assert "perf_event_paranoid is 3" in found.counters.reason
    assert found.counters.remedy == "sudo sysctl kernel.perf_event_paranoid=2"


@pytest.mark.usefixtures("refusing")
@pytest.mark.parametrize(("user", "remedy"), [(0, "docker run"), (1000, "sudo prlimit")])
def test_root_is_refused_only_in_a_container_that_withholds_the_right(
    monkeypatch: pytest.MonkeyPatch, bare_vm: Roots, user: int, remedy: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    found = probe_permissions(bare_vm).fifo
    assert not found.permitted
    assert found.remedy is not None
    assert found.remedy.startswith(remedy)


def test_a_limit_that_may_not_be_raised_is_no_hindrance_to_who_may_set_priorities(
    monkeypatch: pytest.MonkeyPatch, bare_vm: Roots
) -> None:
    def refuse(_: int, limits: tuple[int, int]) -> None:
        if limits != (0, 0):
            raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, 0))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: None)
    assert probe_permissions(bare_vm).fifo.permitted


@pytest.mark.parametrize("hard", [0, 1, 99, resource.RLIM_INFINITY])
def test_the_limit_is_put_back(
    monkeypatch: pytest.MonkeyPatch, bare_vm: Roots, raisable: list[tuple[int, int]], hard: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, hard))
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: None)
    assert probe_permissions(bare_vm).fifo.permitted
    assert raisable == [(1, hard or 1), (0, hard)]


@pytest.mark.usefixtures("refusing")
def test_a_sandbox_cannot_be_opened_by_a_setting(bare_vm: Roots) -> None:
    found = probe_permissions(bare_vm).counters
    assert (found.permitted, found.remedy) == (False, None)
    assert "sandbox" in found.reason


@pytest.mark.parametrize(("code", "permitted"), [(None, True), (errno.ENOENT, False), (errno.ENOSYS, False)])
def test_counters(monkeypatch: pytest.MonkeyPatch, bare_vm: Roots, code: int | None, permitted: bool) -> None:
    monkeypatch.setattr(module, "_open_cycle_counter", lambda: code)
    assert probe_permissions(bare_vm).counters.permitted is permitted


def test_a_real_counter_is_opened_or_refused_with_a_known_error() -> None:
    assert module._open_cycle_counter() in (
        None,
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.ENOSYS,
        errno.EOPNOTSUPP,
        errno.ENODEV,
    )


@pytest.mark.parametrize(
    ("text", "permitted"),
    [("123 4 5\n", True), ("0 0 0\n", False), ("", False), ("x y z", False), ("1 2", False)],
)
def test_schedstat(bare_vm: Roots, text: str, permitted: bool) -> None:
    (bare_vm.proc / "self/schedstat").write_text(text)
    assert probe_permissions(bare_vm).schedstat.permitted is permitted


@pytest.mark.parametrize(
    ("runtime_us", "words"),
    [("950000", "95% of each 1 s"), ("-1", "nothing limits"), (None, "does not tell")],
)
def test_real_time_throttling_is_told(
    monkeypatch: pytest.MonkeyPatch,
    bare_vm: Roots,
    raisable: list[tuple[int, int]],
    runtime_us: str | None,
    words: str,
) -> None:
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: None)
    kernel = bare_vm.proc / "sys/kernel"
    kernel.mkdir(parents=True)
    (kernel / "sched_rt_period_us").write_text("1000000\n")
    if runtime_us is not None:
        (kernel / "sched_rt_runtime_us").write_text(runtime_us)
    assert words in probe_permissions(bare_vm).fifo.reason
