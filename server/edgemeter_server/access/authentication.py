"""From a token to who is calling, at one look-up every two seconds for each token in use."""

import logging
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from edgemeter_server.access import repository, tokens
from edgemeter_server.access.recent import Recent
from edgemeter_server.clock import Clock
from edgemeter_server.database.base import Database, UnavailableError
from edgemeter_server.http.caller import Caller

KEEP_S = 2.0  #: for so long a revoked token may still work, on every server
NOTE_USE_S = 60.0
_CALLERS = 16_384
_STRANGERS = 4_096

_log = logging.getLogger(__name__)


class Authentication:
    """Keeps who is calling, and who is not known, apart: strangers cannot push callers out of memory."""

    def __init__(
        self, database: Database, clock: Clock, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self.monotonic_s = monotonic_s
        self._callers: Recent[bytes, Caller] = Recent(KEEP_S, _CALLERS)
        self._strangers: Recent[bytes, bool] = Recent(KEEP_S, _STRANGERS)
        self._used: set[int] = set()
        self._noted_s = monotonic_s()

    async def authenticate(self, token: str) -> Caller | None:
        """None for what is no token, unknown, expired or revoked."""
        if not tokens.well_formed(token):
            return None
        digest, now_s = tokens.digest(token), self.monotonic_s()
        known = self._callers.get(digest, now_s)
        if known is not None or self._strangers.get(digest, now_s):
            return known
        return await self._look_up(digest, now_s)

    def forget(self) -> None:
        """After a token of this process was revoked or used up: the next call asks the database again."""
        self._callers.clear()

    async def _look_up(self, digest: bytes, now_s: float) -> Caller | None:
        caller = await self._database.read(partial(self._caller_of, digest))
        if caller is None:
            self._strangers.put(digest, True, now_s)
            return None
        self._callers.put(digest, caller, now_s)
        await self._note_use(caller.token_id, now_s)
        return caller

    def _caller_of(self, digest: bytes, connection: Connection) -> Caller | None:
        return repository.caller_of(connection, digest, self._clock.now_us(connection))

    async def _note_use(self, token_id: int, now_s: float) -> None:
        """When tokens were last used is told in batches, and is not worth failing for."""
        self._used.add(token_id)
        if now_s - self._noted_s < NOTE_USE_S:
            return
        used, self._used, self._noted_s = self._used, set(), now_s
        try:
            await self._database.write(partial(self._mark_used, used))
        except UnavailableError:
            _log.info("when tokens were last used could not be written")

    def _mark_used(self, used: set[int], connection: Connection) -> None:
        repository.mark_used(connection, used, self._clock.now_us(connection))
