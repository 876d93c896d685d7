"""The process that measures: heavy to import, blocking, and ended by the daemon whenever it must be.

Run as `python -m edgemeter_agents.daemon.worker DAEMON_PID STATE_FOLDER`. Requests come on standard
input, answers go to standard output; it ends when its input does, and dies with the daemon.
"""

import os
import signal
import sys
from pathlib import Path
from typing import TextIO

from edgemeter.isolation.kernel import calls
from edgemeter_agents.daemon.worker_messages import REQUEST, BuildNetworks, Describe, Line, Told


def main(arguments: list[str]) -> None:
    daemon_pid, state = int(arguments[0]), Path(arguments[1])
    calls.die_with_parent(daemon_pid, signal.SIGKILL)
    # Ctrl-C reaches the whole group; what it means is the daemon's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _own_output()
    for line in sys.stdin:
        _answer(line, answers, state)


def _own_output() -> TextIO:
    """Standard output for answers alone: what an engine prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _answer(line: str, answers: TextIO, state: Path) -> None:
    def tell(said: Line) -> None:
        answers.write(said.model_dump_json() + "\n")
        answers.flush()

    request = REQUEST.validate_json(line)
    if isinstance(request, Describe):
        from edgemeter_agents.daemon.describing import describe

        tell(describe(request))
    elif isinstance(request, BuildNetworks):
        from edgemeter_agents.daemon.recipes import build_networks

        tell(build_networks(request))
    else:
        from edgemeter_agents.daemon.measuring import measure_jobs

        tell(measure_jobs(request, state, lambda text: tell(Told(text=text))))


if __name__ == "__main__":
    main(sys.argv[1:])
