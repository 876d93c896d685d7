"""Messages that nobody may be heard for: old ones that arrive once more, and those of impostors."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace

import httpx

from simulation.network import Network
from simulation.record import Record
from simulation.server import SimulatedServer
from simulation.witness import Leased, Old, Witness

MEAN_S = 30.0
_REPORTS = "http://simulated/v1/agent/reports"
_FAILURE = {
    "result": "not_measured",
    "failure": {"kind": "malformed", "message": "an impostor says so"},
    "started": True,
}


class Intruder:
    """Listens to what agents send. Old messages go the way that the witness sees: all answers must agree."""

    def __init__(
        self, server: SimulatedServer, network: Network, witness: Witness, record: Record, draw: random.Random
    ) -> None:
        self._server = server
        self._network = network
        self._witness = witness
        self._record = record
        self._draw = draw

    async def run(self, until_s: float, lease_s: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until_s:
            await asyncio.sleep(self._draw.expovariate(1 / MEAN_S))
            now_s = loop.time()
            old = [each for each in self._witness.old if now_s - each.sent_s > 3 * lease_s]
            with suppress(httpx.TransportError):
                if old:
                    await self._replay(self._draw.choice(old))
                await self._forge()

    async def _replay(self, old: Old) -> None:
        # A claim is no statement of the past: repeated when its leases have ended, it asks for new ones.
        if old.request.url.path.endswith("renewals"):
            response = await self._network.ask(old.request)
            held = _states(response, "leases", "renewed")
            if held:  # No batch of the simulation lasts for three lease times.
                self._record.broken.append(f"an old renewal was granted for attempts {held}")
        elif old.request.url.path.endswith(("reports", "sessions")):
            await self._network.ask(old.request)

    async def _forge(self) -> None:
        if not self._witness.leased:
            return
        true = self._draw.choice(self._witness.leased)
        await self._report(replace(true, secret=true.secret[::-1]), "a wrong secret")
        other = self._draw.choice(self._witness.leased).authorization
        if other != true.authorization:
            await self._report(replace(true, authorization=other), "another device's token")

    async def _report(self, lease: Leased, by: str) -> None:
        report = {"attempt_id": lease.attempt_id, "secret": lease.secret, "outcome": _FAILURE}
        body = {"agent_version": "forged", "seed": 0, "provenance": {}, "reports": [report]}
        headers = {"Authorization": lease.authorization}
        request = httpx.Request("POST", _REPORTS, headers=headers, json=body)
        response = await self._server.serve(request)
        if _states(response, "receipts", "accepted") or _states(response, "receipts", "superseded"):
            self._record.broken.append(f"a report with {by} was heard, of attempt {lease.attempt_id}")


def _states(response: httpx.Response, name: str, state: str) -> list[int]:
    if not response.is_success:
        return []
    return [each["attempt_id"] for each in response.json()[name] if each["state"] == state]
