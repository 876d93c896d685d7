"""The server of these tests: processes, one after the other, on one data folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_LAUNCHER = Path(__file__).with_name("launcher.py")


class Service:
    """Its clients follow it to the address that each new process has."""

    def __init__(self, launcher: subprocess.Popen[str], folder: Path, fatal: Path) -> None:
        self._launcher = launcher
        self._folder = folder
        self._fatal = fatal
        self._clients: list[httpx.Client] = []
        self._pid = 0
        self._url = ""

    def start(self, **variables: str) -> None:
        """Returns when it serves. `variables` are settings of this process alone."""
        self.order(**variables)
        told = self._told()
        assert "url" in told, told
        self._pid, self._url = told["pid"], told["url"]
        for client in self._clients:
            client.base_url = self._url

    def order(self, **variables: str) -> None:
        """Starts it, and does not wait."""
        words = ["--data-folder", str(self._folder), "--port", "0", "--auto-approve", "--json"]
        assert self._launcher.stdin is not None
        self._launcher.stdin.write(json.dumps([words, variables]) + "\n")
        self._launcher.stdin.flush()

    def dies_at(self, *points: str) -> None:
        """Holds for whatever server runs, until it is said anew."""
        self._fatal.write_text(" ".join(points))

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self.ended()

    def ended(self) -> None:
        """Returns when it was killed, whether or not it had come to serve."""
        told = self._told()
        told = self._told() if "url" in told else told
        assert told == {"ended": -signal.SIGKILL}, told

    def client(self, token: str | None = None) -> httpx.Client:
        text = token or (self._folder / "admin-token").read_text().strip()
        # A connection to a dead server must not be tried again.
        limits = httpx.Limits(max_keepalive_connections=0)
        headers = {"authorization": f"Bearer {text}"}
        client = httpx.Client(base_url=self._url, headers=headers, limits=limits, timeout=110)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _told(self) -> dict[str, Any]:
        assert self._launcher.stdout is not None
        told: dict[str, Any] = json.loads(self._launcher.stdout.readline())
        return told


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Service]:
    """A server that was started; `variables` are settings in its environment."""
    fatal = folder / "fatal"
    fatal.write_text("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGEMETER_")}
    with (folder / "log").open("a") as log:
        launcher = subprocess.Popen(
            [sys.executable, str(_LAUNCHER), str(fatal)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**environment, "XDG_CONFIG_HOME": str(folder), **variables},
            cwd=folder,
        )
    service = Service(launcher, folder / "data", fatal)
    try:
        with launcher:
            service.start()
            yield service
            launcher.kill()  # and the server with it
    finally:
        launcher.kill()
        service.close()
