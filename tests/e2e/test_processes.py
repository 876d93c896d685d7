"""Commands as processes of another: their end is told with their last words, and none is left behind."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgemeter_agents.commands.processes import ProcessError, running

OWNER = """
import os, sys
from pathlib import Path
from edgemeter_agents.commands.processes import running
with running("serve", "serve", "--port", "0", "--json", environment=os.environ, folder=Path.cwd()) as server:
    print(server.wait_for(lambda line: line if '"pid"' in line else None, 60), flush=True)
    sys.stdin.read()
"""


def test_a_process_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    with running("it", "no-such-command", environment=os.environ, folder=tmp_path) as process:
        with pytest.raises(ProcessError, match="no-such-command"):
            process.wait_for(lambda _: None, 60)
        with pytest.raises(ProcessError, match="it ended"):
            process.check()


def test_a_process_ends_with_its_killed_owner(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as owner:
        assert owner.stdout is not None
        pid = json.loads(owner.stdout.readline())["pid"]
        owner.send_signal(signal.SIGKILL)
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([descriptor], [], [], 60)[0], "the server outlives its owner"
    os.close(descriptor)
