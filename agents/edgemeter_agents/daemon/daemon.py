"""Puts the agent together and runs it to its end."""

import random
from pathlib import Path

from edgemeter_agents.daemon.building import Building
from edgemeter_agents.daemon.cache import Cache
from edgemeter_agents.daemon.calling import Calling
from edgemeter_agents.daemon.credentials import Credentials, CredentialsError, enrol, load, save
from edgemeter_agents.daemon.fetching import Fetcher
from edgemeter_agents.daemon.instructions import End
from edgemeter_agents.daemon.log import log
from edgemeter_agents.daemon.machine import Terms
from edgemeter_agents.daemon.outbox import Outbox
from edgemeter_agents.daemon.settings import AgentSettings, host_slug
from edgemeter_agents.daemon.shell import Shell
from edgemeter_agents.daemon.spool import Spool
from edgemeter_agents.daemon.transport import Transport, is_loopback
from edgemeter_agents.daemon.work import Work
from edgemeter_agents.daemon.worker_messages import Describe
from edgemeter_agents.daemon.workers import Worker, worker_command


async def credentials(settings: AgentSettings, state: Path) -> Credentials:
    """The token given, the one kept here, or a new one by enrolling. Raises CredentialsError."""
    kept = load(state)
    server = settings.server or (kept.server if kept else None)
    if server is None:
        raise CredentialsError("which server? give --server URL")
    _refuse_plain_http(server, settings)
    device = settings.device or host_slug()
    if settings.token is not None:
        return Credentials(server=server, device=device, token=settings.token.get_secret_value())
    if kept is not None and kept.server == server:
        return kept
    if settings.enrol is None and kept is not None:
        raise CredentialsError(
            f"this device is enrolled at {kept.server}; for another server give --enrol TOKEN"
        )
    if settings.enrol is None:
        raise CredentialsError(
            "this device is not enrolled; `edgemeter tokens enrol` makes a token for --enrol"
        )
    enrolled = await enrol(server, device, settings.enrol.get_secret_value(), settings.ca)
    save(state, enrolled)
    log("enrolled", device=enrolled.device)
    return enrolled


async def run(settings: AgentSettings, state: Path, *, once: bool) -> End:
    """Works until it is told to stop. Raises CredentialsError before it has begun."""
    who = await credentials(settings, state)
    outbox = Outbox(Spool(state / "spool"))
    worker = Worker(worker_command(state), state / "work")
    cache = Cache(state / "cache", settings.cache_mib << 20)
    describe = Describe(threads=settings.threads, batches=settings.batches)
    async with Transport(who.server, who.token, settings.ca) as transport:
        backlog = outbox.backlog
        log("started", server=who.server, device=who.device, undelivered=backlog)
        calling = Calling(transport, worker, outbox, describe)
        shell = Shell(Terms(up_to=settings.jobs, once=once), calling, backlog)
        shell.leave_on_signals()
        fetcher = Fetcher(transport, cache, random.SystemRandom())
        building = Building(worker, cache, state / "work")
        end = await shell.run(Work(fetcher, building, worker, shell.tell))
    log("ended", reason=end.reason, undelivered=outbox.backlog)
    return end


def _refuse_plain_http(server: str, settings: AgentSettings) -> None:
    if not server.startswith(("https://", "http://")):
        raise CredentialsError("the server's address must begin with https:// or http://")
    if server.startswith("http://") and not is_loopback(server) and not settings.insecure:
        raise CredentialsError(
            "the token would cross the network in the clear: use https://, or --insecure at home"
        )
