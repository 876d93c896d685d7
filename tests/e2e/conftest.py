"""The command as a user runs it: the installed script, in a process and a folder of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgemeter.cli.exits import Exit

TRIES = 6
DISTURBED = re.compile("contended|[Oo]ther work|drift|again")
EDGEMETER = Path(sys.executable).with_name("edgemeter")


@pytest.fixture
def edgemeter(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    # The machine's own lock: tests that measure at the same time would disturb each other.
    environment = {**os.environ, "EDGEMETER_STATE_DIR": str(tmp_path / "state"), "NO_COLOR": "1"}

    def run(*words: object, timeout_s: float = 250) -> subprocess.CompletedProcess[str]:
        """Again where other work disturbed the measuring, as a user is told: tests run side by side."""
        for _ in range(TRIES):
            done = once(*words, timeout_s=timeout_s)
            if done.returncode != Exit.FAILED or not DISTURBED.search(done.stdout + done.stderr):
                break
        return done

    def once(*words: object, timeout_s: float) -> subprocess.CompletedProcess[str]:
        command = [str(EDGEMETER), *map(str, words)]
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=environment,
            cwd=tmp_path,
        )

    return run
