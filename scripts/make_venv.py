"""Creates the environment of the checkout. Runs on any Python 3.6+, to tell an old one what it lacks."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  the very question
        have = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Python 3.11 or newer is needed, {sys.executable} is {have}; try: make PYTHON=python3.11")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        package = f"python3.{sys.version_info[1]}-venv"
        sys.exit(f"this Python has no ensurepip; on Debian and Ubuntu: sudo apt-get install {package}")


def run(*command: object) -> None:
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never")
    env.pop("VIRTUAL_ENV", None)
    words = [str(word) for word in command]
    if subprocess.call(words, cwd=str(ROOT), env=env) != 0:
        sys.exit(f"this step failed: {' '.join(words)}")


def main() -> None:
    check_python()
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", VENV)
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--no-deps", "-r", "requirements/uv.lock")
    uv = (VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON)
    run(*uv, "--require-hashes", "-r", "requirements/dev.lock")
    # The lock holds the build backend too, so that nothing is fetched unpinned here.
    run(*uv, "--no-deps", "--no-build-isolation", "--editable", ".")


if __name__ == "__main__":
    main()
