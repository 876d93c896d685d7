"""The command as a user runs it: the installed script, in a process and a folder of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from edgemeter.cli.exits import Exit
from edgemeter_agents.measuring.validity import Reason

TRIES = 6
EDGEMETER = Path(sys.executable).with_name("edgemeter")

#: What other work on the host does to a measurement; everything else is the product's own fault.
_DISTURBANCES: Final = (
    Reason.CONTENDED,
    Reason.FOREIGN_LOAD,
    Reason.CLOCK_MOVED,
    Reason.DRIFT,
    Reason.ANCHORS_DISAGREE,
    Reason.ANCHOR_DRIFT,
)
#: As a failure tells it, in a document, and as a person reads it.
_DISTURBED: Final = re.compile(
    "|".join(
        (
            r"Other work took up to \d",
            *(f'"{reason}"' for reason in _DISTURBANCES),
            *(re.escape(reason.advice.sentence.removesuffix(".")) for reason in _DISTURBANCES),
        )
    )
)


def _disturbed(done: subprocess.CompletedProcess[str]) -> bool:
    told = " ".join((done.stdout + done.stderr).split())
    return done.returncode == Exit.FAILED and _DISTURBED.search(told) is not None


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def edgemeter_once(tmp_path: Path) -> Run:
    """As it comes, whatever the host does meanwhile."""
    # The machine's own lock: tests that measure at the same time would disturb each other.
    environment = {**os.environ, "EDGEMETER_STATE_DIR": str(tmp_path / "state"), "NO_COLOR": "1"}

    def run(*words: object, timeout_s: float = 250) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(EDGEMETER), *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=environment,
            cwd=tmp_path,
        )

    return run


@pytest.fixture
def edgemeter(edgemeter_once: Run) -> Run:
    """Again where other work disturbed the measuring, as a user is told: tests run side by side.

    Skips the test, with what was told, on a host that cannot measure at all just now.
    """

    def run(*words: object, timeout_s: float = 250) -> subprocess.CompletedProcess[str]:
        for _ in range(TRIES):
            done = edgemeter_once(*words, timeout_s=timeout_s)
            if not _disturbed(done):
                return done
        pytest.skip(f"the host is too busy to measure, {TRIES} times in a row: {done.stderr[-300:]}")

    return run
