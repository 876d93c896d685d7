"""`edgemeter agent` as a process, against a server over a real socket, measuring a real network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgemeter.failures import FailureKind
from edgemeter.targets import Precision
from edgemeter.wire.agents import Measured, NotMeasured
from edgemeter.wire.specs import JobSpec
from edgemeter_agents.networks import anchors
from edgemeter_agents.runtimes.base import Format

from .conftest import (
    PATIENCE_S,
    Cut,
    Drop,
    Refuse,
    Script,
    StartAgent,
    below,
    depth,
    running,
    terminate,
    wait_for,
)

pytest.importorskip("onnxruntime")
NETWORK = anchors(Format.ONNX, Precision.FP32)[0].path.read_bytes()
#: Measures for a minute and more, so that there is something to stop.
LONG = JobSpec(settings={"min_timed_s": 60.0, "min_samples": 10_000})


def outcomes(script: Script) -> dict[int, Measured | NotMeasured]:
    return {report.attempt_id: report.outcome for batch in script.reports for report in batch.reports}


def test_a_network_is_measured_and_reported(script: Script, start_agent: StartAgent) -> None:
    agent = start_agent()
    slug = script.slug()
    lease = script.add(NETWORK, 1, slug)
    (batch,) = script.wait_for(lambda s: s.reports)
    outcome = batch.reports[0].outcome
    assert isinstance(outcome, Measured), outcome
    assert outcome.measurement.status == "ok", outcome.measurement.failure
    assert outcome.measurement.target.slug == slug
    assert outcome.measurement.network.sha256 == lease.artifact.sha256
    assert outcome.measurement.network.name == "net.onnx"
    assert batch.reports[0].secret == lease.secret
    assert batch.provenance["engines"]
    assert terminate(agent) < 10
    assert agent.returncode == 0
    assert script.closed == [1]


def test_each_job_of_a_batch_has_its_own_end(script: Script, start_agent: StartAgent) -> None:
    slug = script_slug(script, start_agent)
    with script.changed:
        script.add(NETWORK, 1, slug)
        script.add(b"no network at all", 2, slug)
        script.add(NETWORK, 3, slug, JobSpec(protocol="survey", settings={"contended_share": 9.0}, seed=5))
        del script.artifacts[script.add(b"a file that is gone", 4, slug).artifact.sha256]
    script.wait_for(lambda s: outcomes(s).keys() == {1, 2, 3, 4})
    found = outcomes(script)
    assert isinstance(found[1], Measured)
    assert isinstance(found[3], Measured)
    assert isinstance(found[2], NotMeasured)
    assert found[2].failure.kind is FailureKind.MALFORMED
    assert isinstance(found[4], NotMeasured)
    assert "hand out" in found[4].failure.message
    assert {batch.seed for batch in script.reports if batch.provenance} == {0, 5}


def script_slug(script: Script, start_agent: StartAgent) -> str:
    start_agent()
    return script.slug()


def test_a_network_of_another_batch_than_its_target_is_malformed(
    script: Script, start_agent: StartAgent
) -> None:
    start_agent("--batches", "4")
    script.add(NETWORK, 1, script.slug())
    script.wait_for(lambda s: s.reports)
    outcome = outcomes(script)[1]
    assert isinstance(outcome, NotMeasured)
    assert outcome.failure.kind is FailureKind.MALFORMED
    assert "batch is 1, the target's 4" in outcome.failure.message


def test_what_a_server_did_but_could_not_answer_is_asked_for_again(
    script: Script, start_agent: StartAgent
) -> None:
    for path in ("/v1/agent/sessions", "/v1/agent/claims", "/v1/agent/reports"):
        script.faults[path].append(Drop())
    start_agent()
    script.add(NETWORK, 1, script.slug())
    first, second = script.wait_for(lambda s: s.reports if len(s.reports) == 2 else None)
    assert first == second
    ids = [claim.claim_id for claim in script.claimed]
    assert ids[0] == ids[1]
    openings = [(session.opening_id, session.follows) for session in script.sessions]
    assert openings == [(openings[0][0], None), (openings[0][0], 1)]


def test_a_fetch_that_was_cut_goes_on_where_it_stood(script: Script, start_agent: StartAgent) -> None:
    script.faults["content"].append(Cut(1000))
    script.add(NETWORK, 1, script_slug(script, start_agent))
    script.wait_for(lambda s: s.reports)
    assert script.ranges == [None, "bytes=1000-"]
    assert isinstance(outcomes(script)[1], Measured)


def test_a_cancelled_job_stops_at_once_and_the_next_is_measured(
    script: Script, start_agent: StartAgent
) -> None:
    script.lease_s = 3.0
    agent = start_agent()
    slug = script.slug()
    script.add(NETWORK, 1, slug, LONG)
    wait_until_measuring(agent.pid)
    with script.changed:
        script.states[1] = "cancelled"
    script.add(NETWORK, 2, slug)
    script.wait_for(lambda s: s.reports)
    assert outcomes(script).keys() == {2}


def test_another_session_that_took_over_stops_the_measurement(
    script: Script, start_agent: StartAgent
) -> None:
    script.lease_s = 3.0
    agent = start_agent()
    script.add(NETWORK, 1, script.slug(), LONG)
    worker = wait_until_measuring(agent.pid)
    script.faults["/v1/agent/renewals"].append(Refuse("session-closed", 409))
    wait_until_gone(worker)
    assert agent.poll() is None
    assert not script.reports


def test_sigterm_gives_back_what_is_not_done_in_time(script: Script, start_agent: StartAgent) -> None:
    agent = start_agent()
    script.add(NETWORK, 1, script.slug(), LONG)
    worker = wait_until_measuring(agent.pid)
    assert terminate(agent) < 10
    outcome = outcomes(script)[1]
    assert isinstance(outcome, NotMeasured)
    assert outcome.failure.kind is FailureKind.AGENT_SHUTDOWN
    assert script.closed == [1]
    assert not alive(worker)


def test_a_killed_agent_leaves_no_child(script: Script, start_agent: StartAgent) -> None:
    agent = start_agent()
    script.add(NETWORK, 1, script.slug(), LONG)
    everything = wait_until_measuring(agent.pid)
    agent.kill()
    wait_until_gone(everything)


def test_a_report_outlives_the_agent(script: Script, start_agent: StartAgent) -> None:
    script.faults["/v1/agent/reports"] += [Refuse("unavailable", 503)] * 100
    agent = start_agent()
    script.add(NETWORK, 1, script.slug())
    script.wait_for(lambda s: len(s.faults["/v1/agent/reports"]) < 100)
    agent.kill()
    agent.wait()
    with script.changed:
        script.faults.clear()
    start_agent()
    (batch,) = script.wait_for(lambda s: s.reports)
    assert isinstance(batch.reports[0].outcome, Measured)
    assert len(script.claims) >= 1


def test_a_report_that_is_refused_is_told_to_the_job(
    script: Script, start_agent: StartAgent, tmp_path: Path
) -> None:
    script.faults["/v1/agent/reports"].append(Refuse("invalid", 422))
    script.add(NETWORK, 1, script_slug(script, start_agent))
    script.wait_for(lambda s: s.reports)
    outcome = outcomes(script)[1]
    assert isinstance(outcome, NotMeasured)
    assert "refused" in outcome.failure.message
    assert len(list((tmp_path / "state" / "spool" / "aside").iterdir())) == 1


def test_once_ends_when_nothing_is_left(script: Script, start_agent: StartAgent) -> None:
    first = start_agent("--once")
    assert first.wait(PATIENCE_S) == 0
    script.add(NETWORK, 1, script.slug())
    agent = start_agent("--once")
    assert agent.wait(PATIENCE_S) == 0
    assert isinstance(outcomes(script)[1], Measured)


@pytest.mark.parametrize(("kind", "status"), [("unauthenticated", 401), ("agent-too-old", 426)])
def test_what_a_person_must_mend_ends_it_with_words(
    script: Script, start_agent: StartAgent, tmp_path: Path, kind: str, status: int
) -> None:
    script.faults["/v1/agent/sessions"].append(Refuse(kind, status))
    assert start_agent().wait(PATIENCE_S) != 0
    assert "Error" in (tmp_path / "agent.log").read_text()


def test_a_corrupted_file_in_the_cache_is_fetched_again(
    script: Script, start_agent: StartAgent, tmp_path: Path
) -> None:
    slug = script_slug(script, start_agent)
    lease = script.add(NETWORK, 1, slug)
    script.wait_for(lambda s: s.reports)
    cached = tmp_path / "state" / "cache" / f"{lease.artifact.sha256}.onnx"
    whole, facts = cached.read_bytes(), cached.stat()
    cached.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(cached, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    script.add(NETWORK, 2, slug)
    script.wait_for(lambda s: len(s.reports) == 2)
    assert len(script.ranges) == 2
    assert isinstance(outcomes(script)[2], Measured)
    assert cached.read_bytes() == whole


def test_idle_it_is_small(script: Script, start_agent: StartAgent) -> None:
    agent = start_agent()
    script.add(NETWORK, 1, script.slug())
    script.wait_for(lambda s: s.reports)
    script.wait_for(lambda s: s.calls[-1] == "claim" or s.calls[-1] == "report")
    pages = int(Path(f"/proc/{agent.pid}/statm").read_text().split()[1])
    assert pages * os.sysconf("SC_PAGE_SIZE") <= 60 << 20


def test_enrolling_keeps_a_token_that_nobody_else_can_read(
    script: Script, start_agent: StartAgent, tmp_path: Path
) -> None:
    agent = start_agent("--enrol", "once", "--device", "lab-1", "--once")
    assert agent.wait(PATIENCE_S) == 0
    file = tmp_path / "state" / "token.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["device"] == "lab-1"
    assert start_agent("--once").wait(PATIENCE_S) == 0, "the token is kept"


def test_two_agents_cannot_share_a_folder(script: Script, start_agent: StartAgent) -> None:
    start_agent()
    script.slug()
    assert start_agent().wait(PATIENCE_S) != 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--server", "http://lab.example:8080", "--allow-root"], "in the clear"),
        (["--server", "ftp://lab.example", "--allow-root"], "https://"),
        (["--allow-root"], "--server"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, options: list[str], words: str) -> None:
    done = run_agent(tmp_path, *options)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())


@pytest.mark.skipif(os.geteuid() != 0, reason="it is about root")
def test_root_is_refused(tmp_path: Path) -> None:
    done = run_agent(tmp_path, "--server", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert "root" in done.stderr


def run_agent(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgemeter", "agent", *options]
    return subprocess.run(
        [*command, "--state", str(tmp_path / "state")], capture_output=True, text=True, timeout=PATIENCE_S
    )


def wait_until_measuring(pid: int) -> set[int]:
    """All processes below the agent, as soon as one of them is a network's: agent, worker, nursery, ..."""
    return wait_for(lambda: found if depth(pid) >= 4 and (found := below(pid)) else None)


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if running(pid)}


def wait_until_gone(pids: set[int]) -> None:
    wait_for(lambda: not alive(pids))
