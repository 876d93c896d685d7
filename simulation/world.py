"""One simulated installation: a database, a server, agents, users and an admin, with faults among them."""

import asyncio
import hashlib
import random
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import Connection, func, insert, select, update

from edgemeter.targets import Precision, Target
from edgemeter.wire.access import Role
from edgemeter.wire.agents import PROTOCOL_VERSION, OpenSession, TargetOffer
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_server.access.authentication import Authentication
from edgemeter_server.access.projects import ensure_default
from edgemeter_server.app import create_app
from edgemeter_server.artifacts.local_storage import InlineStorage
from edgemeter_server.artifacts.tables import artifacts, project_artifacts
from edgemeter_server.database import installation
from edgemeter_server.database.base import Database
from edgemeter_server.database.catalogue import metadata
from edgemeter_server.database.inline import InlineDatabase
from edgemeter_server.database.wakeups import LocalWakeups
from edgemeter_server.devices.tables import devices, targets
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.asked import Asked
from edgemeter_server.predictors.files import FileAnswers
from edgemeter_server.predictors.standing import Standings
from edgemeter_server.services import Services
from edgemeter_server.settings import Settings
from edgemeter_server.testing import KEY, issue_token
from edgemeter_server.testing.clock import START_US
from simulation.agent import SimulatedAgent
from simulation.chaos import Chaos, Odds
from simulation.disk import FullAtTimes
from simulation.intruding import Intruder
from simulation.measuring import target_document
from simulation.network import Network
from simulation.oracle import verdict
from simulation.record import Record
from simulation.server import SimulatedServer
from simulation.users import SimulatedUser
from simulation.witness import Witness

LEASE_S = 60.0
_FEATURES = {
    "inputs": {"x": (1, 3, 8, 8)},
    "operators": 1,
    "operator_types": {"Relu": 1},
    "macs": 0,
    "parameters": 0,
    "peak_memory_bytes": 1536,
    "structural_hash": None,
    "precision": "fp32",
}
#: After the last fault: three lease times, in which everything has to come to its end.
SETTLING_S = 3 * LEASE_S
TARGETS = 6
FILES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    hours: float = 24.0
    agents: int = 20
    jobs_a_second: float = 0.15
    rough: float = 1.0  #: so many times the usual faults

    def command(self) -> str:
        """Replays it."""
        return (
            f"python -m simulation --seed {self.seed} --hours {self.hours:g} --agents {self.agents} "
            f"--jobs {self.jobs_a_second:g} --rough {self.rough:g}"
        )


@dataclass(frozen=True, slots=True)
class Story:
    """What came out: promises broken, and what had happened."""

    broken: Sequence[str]
    happened: dict[str, int]
    requests: int
    measurements: int
    agent_kills: int
    server_kills: int
    calls: int  #: that the server answered
    events: int  #: that agents' machines handled
    digest: str  #: of all answers


class LoopClock:
    """A `Clock` on the loop's virtual time."""

    def now_us(self, connection: Connection) -> int:  # noqa: ARG002  # the contract of a Clock
        return START_US + round(asyncio.get_running_loop().time() * 1e6)


async def simulate(plan: Plan) -> Story:
    """Lives through `plan`. The same plan has the same story."""
    with tempfile.TemporaryDirectory() as folder:
        world = _World(plan, Path(folder))
        return await world.live()


class _World:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._draw = random.Random(plan.seed)
        self._chaos = Chaos(self._sub(), Odds(until_s=plan.hours * 3600).times(plan.rough))
        self._record = Record()
        self._witness = Witness(LEASE_S)
        self._database = InlineDatabase()
        self._storage = InlineStorage(folder / "artifacts")
        self._settings = Settings(data_folder=folder, lease_s=LEASE_S, auto_approve=True)
        self._server = SimulatedServer(self._application, self._chaos)
        self._network = Network(self._server, self._chaos, self._witness, LEASE_S)
        self._clients = AsyncExitStack()

    async def live(self) -> Story:
        wishes = await self._database.write(self._build)
        agents = [await self._agent(number) for number in range(self._plan.agents)]
        user = await self._user(wishes)
        intruder = Intruder(self._server, self._network, self._witness, self._record, self._sub())
        until_s = self._chaos.odds.until_s
        async with self._clients, asyncio.TaskGroup() as group:
            lives = [group.create_task(life) for life in (self._server.run(), *(a.run() for a in agents))]
            while await self._database.read(_targets) < TARGETS:
                await asyncio.sleep(1)
            await asyncio.gather(user.run(), intruder.run(until_s, LEASE_S), self._mend(until_s))
            await asyncio.sleep(until_s + SETTLING_S - asyncio.get_running_loop().time())
            story = await self._database.read(self._story)
            for task in lives:
                task.cancel()
        return story

    def _application(self) -> FastAPI:
        return create_app(self._services(FullAtTimes(self._database, self._chaos)))

    def _services(self, database: Database) -> Services:
        clock = LoopClock()
        return Services(
            settings=self._settings,
            database=database,
            clock=clock,
            wakeups=LocalWakeups(),
            storage=self._storage,
            authentication=Authentication(database, clock, monotonic_s=asyncio.get_running_loop().time),
            standings=Standings(),
            asked=Asked(),
            files=FileAnswers(),
            key=KEY,
        )

    def _build(self, connection: Connection) -> list[str]:
        """The tables, a project and its files. Returns their sha256."""
        metadata.create_all(connection)
        installation.ensure(connection, START_US)
        ensure_default(connection, START_US)
        features = GraphFeatures.model_validate(_FEATURES).model_dump_json()
        shas = [hashlib.sha256(bytes([number])).hexdigest() for number in range(FILES)]
        for number, sha in enumerate(shas, start=1):
            row = {"id": number, "sha256": bytes.fromhex(sha), "size_bytes": 1000, "format": "onnx"}
            connection.execute(insert(artifacts).values(**row, created_us=START_US, features=features))
            owned = {"project_id": 1, "artifact_id": number, "name": f"{number}.onnx"}
            connection.execute(insert(project_artifacts).values(**owned, created_us=START_US))
        return shas

    async def _agent(self, number: int) -> SimulatedAgent:
        device = f"board-{number}"
        client = await self._client(Role.AGENT, device)
        return SimulatedAgent(device, _opening(number), client, self._chaos, self._record, self._sub())

    async def _user(self, shas: Sequence[str]) -> SimulatedUser:
        client = await self._client(Role.SUBMITTER)
        slugs = [_target(number).slug for number in range(TARGETS)]
        rate = self._plan.jobs_a_second
        return SimulatedUser(client, self._chaos, self._record, self._sub(), (shas, slugs), rate)

    async def _client(self, role: Role, device: str | None = None) -> httpx.AsyncClient:
        token = await issue_token(self._services(self._database), role, device=device)
        client = httpx.AsyncClient(
            transport=self._network,
            base_url="http://simulated",
            headers={"Authorization": f"Bearer {token}"},
        )
        return await self._clients.enter_async_context(client)

    async def _mend(self, until_s: float) -> None:
        """An admin looks every few minutes and gives bad devices another chance, the last time at the end."""
        loop = asyncio.get_running_loop()
        while (left_s := until_s - loop.time()) > 0:
            await asyncio.sleep(min(300, left_s))
            await self._database.write(_trust_all)

    def _story(self, connection: Connection) -> Story:
        return Story(
            broken=verdict(connection, self._record, self._witness),
            happened=dict(sorted(self._chaos.happened.items())),
            requests=len(self._record.acknowledged),
            measurements=connection.execute(select(func.count()).select_from(measurements)).scalar_one(),
            agent_kills=self._record.agent_kills,
            server_kills=self._chaos.happened["server killed"],
            calls=self._witness.calls,
            events=self._record.events,
            digest=self._witness.digest(),
        )

    def _sub(self) -> random.Random:
        """A generator of its own for each part: what one draws does not move another."""
        return random.Random(self._draw.getrandbits(64))


def _targets(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(targets)).scalar_one())


def _trust_all(connection: Connection) -> None:
    bad = devices.c.health == "bad"
    connection.execute(update(devices).where(bad).values(health="unknown", strikes=0))


def _target(number: int) -> Target:
    return Target("board", "cpu", "onnxruntime", "1.31", Precision.FP32, threads=number % TARGETS + 1)


def _opening(number: int) -> OpenSession:
    """Each device offers two of the targets. What names an opening comes with each."""
    offers = tuple(
        TargetOffer(
            target=target_document(_target(number + step)), formats=("onnx",), fingerprint={"kernel": "6"}
        )
        for step in range(2)
    )
    return OpenSession(
        protocol_version=PROTOCOL_VERSION,
        agent_version="simulated",
        opening_id=UUID(int=0),
        description={},
        offers=offers,
    )
