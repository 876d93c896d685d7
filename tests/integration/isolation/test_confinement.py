"""What a child is given, what is taken from it, and that it is told truly."""

import os
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgemeter.isolation import Achieved, Confinement, Limits, Nursery


def surroundings(nursery: Nursery, confinement: Confinement) -> tuple[dict[str, Any], Achieved]:
    with nursery.start("hostile:surroundings", None, Limits(wall_s=30), confinement) as child:
        return child.receive(), child.achieved


def test_no_secret_of_the_caller_is_in_the_environment(
    tasks_on_path: Path, monkeypatch: pytest.MonkeyPatch, private_folder: Confinement
) -> None:
    monkeypatch.setenv("EDGEMETER_TOKEN", "s3cr3t")
    monkeypatch.setenv("PYTHONPATH", "/s3cr3t")
    with Nursery(environment={"ENGINE_SETTING": "1"}) as nursery:
        child = surroundings(nursery, private_folder)[0]["environment"]
        helper = Path(f"/proc/{nursery.pid}/environ").read_text()
        command = Path(f"/proc/{nursery.pid}/cmdline").read_text()
    assert "s3cr3t" not in f"{child} {helper} {command}"
    allowed = {
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "LD_LIBRARY_PATH",
        "HOME",
        "TMPDIR",
        "ENGINE_SETTING",
    }
    threads = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}
    assert child.keys() <= allowed | threads
    assert child["ENGINE_SETTING"] == child["ORT_DISABLE_TELEMETRY"] == "1"


def test_the_private_folder_is_home(nursery: Nursery, private_folder: Confinement) -> None:
    told, _ = surroundings(nursery, private_folder)
    folder = str(private_folder.folder)
    assert told["cwd"] == told["environment"]["HOME"] == told["environment"]["TMPDIR"] == folder


def test_nothing_is_open_but_the_channel(nursery: Nursery, private_folder: Confinement) -> None:
    descriptors = surroundings(nursery, private_folder)[0]["fds"]
    assert descriptors.count("/dev/null") == 3
    assert len([name for name in descriptors if name.startswith("pipe:")]) == 1
    assert len(descriptors) == 4


def test_its_own_session_and_first_in_line_for_the_oom_killer(
    nursery: Nursery, private_folder: Confinement
) -> None:
    told, _ = surroundings(nursery, private_folder)
    assert told["session"]
    assert told["oom"] == "1000"


def test_no_capability_is_left(nursery: Nursery, private_folder: Confinement) -> None:
    for confinement in (private_folder, replace(private_folder, user=False)):
        told, achieved = surroundings(nursery, confinement)
        sets = told["capabilities"]
        assert {int(sets[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {0}
        assert achieved.user in ("unprivileged", "capabilities dropped", "same")
        assert achieved.no_new_privs


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")
def test_root_is_given_up_as_told(nursery: Nursery, private_folder: Confinement) -> None:
    told, achieved = surroundings(nursery, private_folder)
    assert (told["uid"] != 0) == (achieved.user == "unprivileged")
    assert achieved.user == "unprivileged" or any("user" in text for text in achieved.degraded)
    told, achieved = surroundings(nursery, replace(private_folder, user=False))
    assert (told["uid"], achieved.user) == (0, "capabilities dropped")


@pytest.mark.skipif(os.geteuid() == 0, reason="root becomes somebody else")
def test_an_ordinary_user_stays_the_same(nursery: Nursery, private_folder: Confinement) -> None:
    told, achieved = surroundings(nursery, private_folder)
    assert (told["uid"], achieved.user) == (os.getuid(), "same")


def test_folders_within_the_private_folder_serve_too(nursery: Nursery, private_folder: Confinement) -> None:
    assert private_folder.folder is not None
    inner = private_folder.folder / "inner"
    inner.mkdir(mode=0o700)
    payload = {"path": str(inner / "note"), "mib": 1}
    with nursery.start("hostile:write_file", payload, confinement=private_folder) as child:
        assert child.receive() == "written"
        assert child.achieved.user == surroundings(nursery, private_folder)[1].user


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes owners")
def test_an_original_keeps_its_owner(nursery: Nursery, private_folder: Confinement, tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_text("x")
    assert private_folder.folder is not None
    try:
        (private_folder.folder / "linked").hardlink_to(original)
    except OSError:
        pytest.skip("two file systems")
    surroundings(nursery, private_folder)
    assert original.stat().st_uid == 0


def test_layers_that_are_switched_off_are_told(nursery: Nursery, private_folder: Confinement) -> None:
    bare = replace(private_folder, user=False, namespaces=False, landlock=False, seccomp=False)
    _, achieved = surroundings(nursery, bare)
    assert (achieved.network, achieved.filesystem, achieved.seccomp) == ("none", "none", False)
    assert achieved.no_new_privs


def test_a_path_that_does_not_exist_is_a_mistake(nursery: Nursery, private_folder: Confinement) -> None:
    wrong = replace(private_folder, readable=(Path("/no/such/file"),))
    if surroundings(nursery, private_folder)[1].filesystem == "none":
        pytest.skip("nothing is looked up without Landlock")
    with pytest.raises(Exception, match="could not begin"):
        nursery.start("hostile:echo", None, confinement=wrong)


def test_processors_and_niceness(nursery: Nursery, private_folder: Confinement) -> None:
    last = max(os.sched_getaffinity(0))
    nice = os.getpriority(os.PRIO_PROCESS, 0) + 3
    told, achieved = surroundings(nursery, replace(private_folder, cpus=(last,), nice=nice))
    assert (told["cpus"], told["nice"], achieved.degraded) == (
        [last],
        nice,
        surroundings(nursery, private_folder)[1].degraded,
    )
    # Its session too, where the kernel shares processors out by session.
    assert told["session nice"] in (None, str(nice))


def test_cpu_time_can_be_read_finely(nursery: Nursery, private_folder: Confinement) -> None:
    """RLIMIT_CPU would coarsen it to the timer tick, milliseconds long."""
    with nursery.start("hostile:processor_clock", None, Limits(wall_s=30), private_folder) as child:
        assert child.receive() < 500_000


def test_a_processor_that_is_not_there_is_told(nursery: Nursery, private_folder: Confinement) -> None:
    _, achieved = surroundings(nursery, replace(private_folder, cpus=(1023,)))
    assert any(text.startswith("cpus:") for text in achieved.degraded)


def test_realtime_is_taken_later_without_privileges(nursery: Nursery, private_folder: Confinement) -> None:
    confinement = replace(private_folder, rtprio_limit=7)
    with nursery.start("hostile:take_fifo", 7, Limits(wall_s=30), confinement) as child:
        answer, achieved = child.receive(), child.achieved
    by_limit = not any(text.startswith("rtprio_limit") for text in achieved.degraded)
    by_capability = any("CAP_SYS_NICE is kept" in text for text in achieved.degraded)
    assert ("done" in answer) == (by_limit or by_capability)
    assert by_limit or resource.getrlimit(resource.RLIMIT_RTPRIO)[1] < 7


def test_realtime_above_the_limit_is_refused(nursery: Nursery, private_folder: Confinement) -> None:
    with nursery.start(
        "hostile:take_fifo", 8, Limits(wall_s=30), replace(private_folder, rtprio_limit=7)
    ) as child:
        if any("CAP_SYS_NICE is kept" in text for text in child.achieved.degraded):
            pytest.skip("the capability knows no limit")
        assert "refused" in child.receive()


def test_realtime_is_refused_unless_asked_for(nursery: Nursery, private_folder: Confinement) -> None:
    with nursery.start("hostile:take_fifo", 1, Limits(wall_s=30), private_folder) as child:
        assert "refused" in child.receive()


def test_what_a_mean_child_leaves_is_removed(nursery: Nursery, private_folder: Confinement) -> None:
    with nursery.start("hostile:make_mess", 3000, Limits(wall_s=60), private_folder) as child:
        assert child.receive() == "done"
