"""A server and an agent of their own for `edgemeter demo`: real processes, a free port, a folder."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from edgemeter.cli.output import Progress
from edgemeter.client import Client, ClientSettings
from edgemeter_agents.commands.processes import Running, running

_READY_S = 60.0
_TURN_S = 0.2
_DEVICE = "this-machine"
_ADDRESS = re.compile(r'"url": "([^"]+)"')
#: Where measuring keeps its lock and how: the demo's measurements must not run beside others.
_KEPT = ("EDGEMETER_LOCK",)


@contextmanager
def demo_service(folder: Path, bar: Progress) -> Iterator[Client]:
    """A client of a server that has this machine as its device. All of it ends with the block."""
    data, environment = folder / "data", _environment(folder)
    words = ("--data-folder", str(data), "--host", "127.0.0.1", "--port", "0", "--auto-approve", "--json")
    with running("the server", "serve", *words, environment=environment, folder=folder) as server:
        url = server.wait_for(_address, _READY_S)
        bar.note(f"server: {url}, data in {data}")
        with Client(settings=ClientSettings(url=url, token_file=data / "admin-token")) as client:
            enrolment = client.create_token("the demo's agent", "enrolment", device=_DEVICE)
            enrolled = environment | {"EDGEMETER_AGENT_ENROL": enrolment.token}
            with running(
                "the agent", *_agent_words(url, folder), environment=enrolled, folder=folder
            ) as agent:
                targets = _offered(client, agent)
                bar.note(f"agent: enrolled as {_DEVICE}, offers {targets} targets")
                yield client


def _address(line: str) -> str | None:
    found = _ADDRESS.search(line)
    return None if found is None else found[1]


def _agent_words(url: str, folder: Path) -> tuple[str, ...]:
    words = ("agent", "--server", url, "--state", str(folder / "agent"), "--device", _DEVICE)
    # The networks are the project's own, so root may run them.
    return (*words, "--allow-root") if os.geteuid() == 0 else words


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's own settings: they may name a real database."""
    foreign = [name for name in os.environ if name.startswith("EDGEMETER_") and name not in _KEPT]
    others = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**others, "XDG_CONFIG_HOME": str(folder)}


def _offered(client: Client, agent: Running) -> int:
    """How many targets there are, once there are any. Raises ProcessError."""
    give_up = monotonic() + _READY_S
    while monotonic() < give_up:
        agent.check()
        if available := sum(row.available for row in client.targets()):
            return available
        sleep(_TURN_S)
    raise agent.error(f"offers nothing after {_READY_S:g} s")
