"""Brings a network from the server into the cache."""

import asyncio
import random
from collections.abc import Collection
from pathlib import Path

from edgemeter.failures import Failure, FailureError, FailureKind
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.problems import ProblemError
from edgemeter_agents.daemon.backoff import Backoff
from edgemeter_agents.daemon.cache import Cache, DigestError
from edgemeter_agents.daemon.transport import Transport, TransportError

DIGEST_TRIES = 3
_RETRIED = frozenset({"unavailable", "rate-limited", "internal"})


class Fetcher:
    """Tries for as long as it is let: where the lease ends first, it is cancelled."""

    def __init__(self, transport: Transport, cache: Cache, draw: random.Random) -> None:
        self._transport = transport
        self._cache = cache
        self._draw = draw

    async def fetch(self, wanted: ArtifactReference, needed: Collection[str]) -> Path:
        """The file, checked now. Raises FailureError where it will not come, or there is no room for it."""
        if (found := await asyncio.to_thread(self._cache.find, wanted)) is not None:
            return found
        try:
            return await self._download(wanted, needed)
        except FailureError as error:
            if error.failure.kind is not FailureKind.DEVICE_UNREADY:
                raise
            # A full disk: all that is not needed now goes, then once more.
            self._cache.free({*needed, wanted.sha256})
            return await self._download(wanted, needed)

    async def _download(self, wanted: ArtifactReference, needed: Collection[str]) -> Path:
        backoff = Backoff(0.5, 10.0)
        wrong = 0
        while True:
            try:
                return await self._attempt(wanted, needed)
            except DigestError as error:
                wrong += 1
                if wrong == DIGEST_TRIES:
                    raise _failure(f"the network does not arrive whole: {error}") from error
            except ProblemError as error:
                if error.kind not in _RETRIED:
                    raise _failure(f"the server does not hand out the network ({error.kind})") from error
                await asyncio.sleep(backoff.wait_s(self._draw, error.retry_after_s or 0.0))
            except TransportError:
                await asyncio.sleep(backoff.wait_s(self._draw))

    async def _attempt(self, wanted: ArtifactReference, needed: Collection[str]) -> Path:
        arriving = await asyncio.to_thread(self._cache.begin, wanted, needed)
        try:
            if arriving.offset < wanted.size_bytes:
                path = f"/v1/artifacts/{wanted.sha256}/content"
                async with self._transport.content(path, arriving.offset) as (start, chunks):
                    if start != arriving.offset:
                        arriving.restart()
                    async for chunk in chunks:
                        arriving.write(chunk)
            return await asyncio.to_thread(arriving.finish)
        except (DigestError, FailureError):
            arriving.discard()
            raise
        finally:
            arriving.close()


def _failure(text: str) -> FailureError:
    return FailureError(Failure(FailureKind.INTERNAL, text))
