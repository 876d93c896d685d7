"""Runs `edgemeter serve` as a new process each time it is told to, which dies at the points a file names.

All is imported once and each server is a fork of that: a start then costs a tenth of what it costs from
nothing. Orders come on stdin, one line of JSON each: the command's words, and what is added to its
environment. On stdout are the server's own line and, when it has ended, {"ended": STATUS}, negative for a
signal. The first argument is the file of points.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

import edgemeter_server.access.first_admin
import edgemeter_server.app
import edgemeter_server.commands.failures
import edgemeter_server.operations.serving
import edgemeter_server.operations.starting  # noqa: F401
from edgemeter.cli.main import main
from edgemeter_server import faults

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(words: list[str], variables: dict[str, str], fatal: Path) -> None:
    die_with_parent()
    os.environ.update(variables)

    def kill(point: str) -> None:
        if point in fatal.read_text().split():
            os.kill(os.getpid(), signal.SIGKILL)

    faults.install(kill)
    sys.argv = ["edgemeter", "serve", *words]
    main()


def run(fatal: Path) -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            words, variables = json.loads(line)
            serve(words, variables, fatal)
            return
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps({"ended": status}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    die_with_parent()
    run(Path(sys.argv[1]))
