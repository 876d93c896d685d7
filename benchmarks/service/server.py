"""`edgemeter serve` as a process, on SQLite or on a PostgreSQL of its own that commits durably."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from edgemeter.isolation.kernel.calls import die_with_parent
from edgemeter_server.settings import Settings
from edgemeter_server.testing import PostgresCluster

#: No lease runs out while a run prepares what it reports.
_LEASE_S = 3600.0
DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    pid: int
    data_folder: Path

    def admin_token(self) -> str:
        return (self.data_folder / "admin-token").read_text().strip()


@contextmanager
def installation(database: str) -> Iterator[Settings]:
    """Settings of a service that does not run yet, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="edgemeter-bench-") as folder:
        settings = Settings(data_folder=Path(folder) / "data", lease_s=_LEASE_S, auto_approve=True, port=0)
        if database == "sqlite":
            yield settings
            return
        cluster = PostgresCluster(fsync="on", shared_buffers="256MB", max_wal_size="2GB")
        try:
            cluster.sql("CREATE DATABASE bench")
            yield settings.model_copy(update={"database_url": cluster.url("bench")})
        finally:
            cluster.close()


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("EDGEMETER_SERVER")
    }
    environment |= {"EDGEMETER_SERVER_LEASE_S": str(settings.lease_s)}
    if settings.database_url is not None:
        environment |= {"EDGEMETER_SERVER_DATABASE_URL": settings.database_url}
    words = ["serve", "--data-folder", str(settings.data_folder), "--port", "0", "--auto-approve", "--json"]
    log = settings.data_folder.with_name("log")
    with (
        log.open("ab") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", "edgemeter", *words],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
        ) as process,
    ):
        try:
            line = cast("IO[bytes]", process.stdout).readline()
            if not line:
                raise RuntimeError(log.read_text()[-2000:])
            yield Server(json.loads(line)["url"], process.pid, settings.data_folder)
        finally:
            process.terminate()
            process.wait()
