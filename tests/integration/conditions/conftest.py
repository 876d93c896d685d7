"""Python programs in processes of their own, as root's unprivileged children where the test is root."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

NOBODY = 65534


@pytest.fixture
def run_program() -> Callable[[str], Any]:
    """Runs a program and returns the JSON that it prints."""

    def run(program: str) -> Any:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def drop() -> str:
    """A statement by which a program of root becomes an unprivileged user; needs `import os` before."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return f"os.setgroups([]); os.setresgid(*[{NOBODY}] * 3); os.setresuid(*[{NOBODY}] * 3)"
