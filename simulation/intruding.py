"""Messages that nobody may be heard for: old ones that arrive once more, and those of impostors."""

import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx

from simulation.network import Network
from simulation.record import Record
from simulation.server import SimulatedServer
from simulation.witness import Old, Witness

MEAN_S = 30.0
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
            new = [each for each in self._witness.old if now_s - each.sent_s < lease_s]
            with suppress(httpx.TransportError):
                if old:
                    await self._replay(self._draw.choice(old))
                await self._forge(new)

    async def _replay(self, old: Old) -> None:
        # A claim is no statement of the past: repeated when its leases have ended, it asks for new ones.
        if old.request.url.path.endswith("renewals"):
            response = await self._network.ask(old.request)
            held = _states(response, "leases", "renewed")
            if held:  # No batch of the simulation lasts for three lease times.
                self._record.broken.append(f"an old renewal was granted for attempts {held}")
        elif old.request.url.path.endswith("reports"):
            await self._network.ask(old.request)

    async def _forge(self, new: Sequence[Old]) -> None:
        renewals = [each.request for each in new if each.request.url.path.endswith("renewals")]
        if not renewals:
            return
        true = self._draw.choice(renewals)
        held = json.loads(true.content)["leases"]
        await self._report(
            true, [{**each, "secret": each["secret"][::-1]} for each in held], "a wrong secret"
        )
        others = [each.headers["Authorization"] for each in renewals]
        foreign = [each for each in others if each != true.headers["Authorization"]]
        if foreign:
            stolen = httpx.Request("POST", true.url, headers={**true.headers, "Authorization": foreign[0]})
            await self._report(stolen, held, "another device's token")

    async def _report(self, like: httpx.Request, held: Sequence[dict[str, Any]], by: str) -> None:
        reports = [{**each, "outcome": _FAILURE} for each in held]
        body = {"agent_version": "forged", "seed": 0, "provenance": {}, "reports": reports}
        headers = {
            "Authorization": like.headers["Authorization"],
            "Content-Type": "application/json",
        }
        request = httpx.Request("POST", like.url.join("/v1/agent/reports"), headers=headers, json=body)
        response = await self._server.serve(request)
        heard = [*_states(response, "receipts", "accepted"), *_states(response, "receipts", "superseded")]
        if heard:
            self._record.broken.append(f"a report with {by} was heard, of attempts {heard}")


def _states(response: httpx.Response, name: str, state: str) -> list[int]:
    if not response.is_success:
        return []
    return [each["attempt_id"] for each in response.json()[name] if each["state"] == state]
