"""Proves that an agent needs no server: the wheel with one runtime, in a clean environment."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = str(Path(sys.executable).with_name("uv"))
FIND_NETWORK = "from edgemeter_agents.networks import SHIPPED; print(SHIPPED[0].path)"
SERVER_ONLY = ("fastapi", "starlette", "sqlalchemy", "alembic", "uvicorn")


def run(*command: str, **options: object) -> str:
    # No variable of the checkout's own environment may help the clean one.
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    env["UV_PYTHON_DOWNLOADS"] = "never"
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return str(done.stdout)


def build_wheel(folder: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(folder: Path) -> Path:
    wheel = build_wheel(folder)
    python = folder / "venv" / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", sys.executable, str(python.parents[1]))
    lock = str(ROOT / "requirements" / "agent-onnxruntime.lock")
    run(UV, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", lock)
    run(UV, "pip", "install", "--quiet", "--python", str(python), "--no-deps", str(wheel))
    return python


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install(folder)
        found = f"import importlib.util as u; print([m for m in {SERVER_ONLY} if u.find_spec(m)])"
        installed = run(str(python), "-c", found, cwd=folder).strip()
        if installed != "[]":
            sys.exit(f"an agent alone must not bring {installed}")
        edgemeter = str(python.with_name("edgemeter"))
        network = run(str(python), "-c", FIND_NETWORK, cwd=folder).strip()
        run(edgemeter, "--help", cwd=folder)
        run(edgemeter, "targets", cwd=folder)
        run(edgemeter, "inspect", network, cwd=folder)
        report = json.loads(run(edgemeter, "measure", network, "--protocol", "survey", "--json", cwd=folder))
        statuses = [m["status"] for m in report["measurements"]]
        if statuses != ["ok"]:
            sys.exit(f"the agent alone measured {statuses}")
    print("edgemeter[agent-onnxruntime] alone: commands run, a network is measured, no server code is there")


if __name__ == "__main__":
    main()
