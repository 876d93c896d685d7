"""Users: they ask, ask again when no answer comes, change their minds, and wait."""

import asyncio
import random
from collections.abc import Sequence

import httpx

from edgemeter.wire.requests import NewRequests, RequestDocument, RequestItem, Requests, RequestState
from edgemeter.wire.specs import JobSpec
from simulation.chaos import Chaos
from simulation.record import Record

AGAIN_S = 3.0


class SimulatedUser:
    """Asks for about `rate` jobs a second until nothing goes wrong any more."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        chaos: Chaos,
        record: Record,
        draw: random.Random,
        wishes: tuple[Sequence[str], Sequence[str]],
        rate: float,
    ) -> None:
        self._client = client
        self._chaos = chaos
        self._record = record
        self._draw = draw
        self._artifacts, self._targets = wishes
        self._rate = rate

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < self._chaos.odds.until_s:
            count = self._draw.choice((1, 1, 1, 2, 5, 20))
            await self._ask_for(count)
            await asyncio.sleep(self._draw.expovariate(self._rate / count))

    async def _ask_for(self, count: int) -> None:
        items = tuple(self._item() for _ in range(count))
        message = NewRequests(items=items).model_dump_json()
        key = f"{self._draw.getrandbits(64):x}"
        response = await self._insist("/v1/requests", message, key)
        if response is None:
            return
        ids = [request.id for request in Requests.model_validate_json(response.content).requests]
        if len(ids) != count:
            self._record.broken.append(f"{count} requests were sent and {len(ids)} answered")
        self._record.acknowledged.update(ids)
        if self._draw.random() < 0.05:
            await self._cancel(ids[0])

    async def _cancel(self, id_: int) -> None:
        response = await self._insist(f"/v1/requests/{id_}/cancel", "", None)
        if response is None:
            return
        self._record.cancelled.add(id_)
        state = RequestDocument.model_validate_json(response.content).state
        if state in (RequestState.WAITING, RequestState.RUNNING):
            self._record.broken.append(f"request {id_} was cancelled and is {state}")

    async def _insist(self, path: str, message: str, key: str | None) -> httpx.Response | None:
        """Until there is an answer; None where the answer is a refusal, which a user has not deserved."""
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        while True:
            try:
                response = await self._client.post(path, content=message, headers=headers)
            except httpx.HTTPError:
                response = None
            if response is not None and response.is_success:
                return response
            if response is not None and response.status_code < 500 and response.status_code != 429:
                self._record.broken.append(f"{path} answered {response.status_code}: {response.text[:200]}")
                return None
            await asyncio.sleep(AGAIN_S)

    def _item(self) -> RequestItem:
        return RequestItem(
            artifact=self._draw.choice(self._artifacts),
            target=self._draw.choice(self._targets),
            # Many different jobs from few files, and often the same one again.
            spec=JobSpec(protocol="survey", seed=self._draw.randrange(self._draw.choice((5, 100_000)))),
            fresh=self._draw.random() < 0.3,
            priority=self._draw.choice((0, 0, 0, 5, -5)),
        )
