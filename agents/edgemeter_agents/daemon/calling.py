"""Carries out the machine's calls to the server. Each returns the event that tells how it went."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from edgemeter import __version__
from edgemeter.isolation.texts import printable
from edgemeter.wire.agents import (
    PROTOCOL_VERSION,
    Claim,
    Claimed,
    CloseSession,
    NewestSession,
    OpenSession,
    Renew,
    Renewed,
    Reported,
    SessionOpened,
)
from edgemeter.wire.base import Message
from edgemeter.wire.problems import ProblemError
from edgemeter_agents.daemon import events, instructions
from edgemeter_agents.daemon.clock import now_s
from edgemeter_agents.daemon.events import Call, CallFailed, Event, Trouble
from edgemeter_agents.daemon.log import log, warn
from edgemeter_agents.daemon.outbox import Outbox
from edgemeter_agents.daemon.transport import Transport, TransportError
from edgemeter_agents.daemon.troubles import call_failed
from edgemeter_agents.daemon.worker_messages import Describe
from edgemeter_agents.daemon.workers import Worker, WorkerError

T = TypeVar("T")
Answer = TypeVar("Answer", SessionOpened, Claimed, Renewed)

#: Beyond what a long poll was told to wait, for the answer to come.
ANSWER_S = 15.0
RENEW_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
_DOING_SIGNS = 200


class Calling:
    """`outbox` touches the disk: it is used in one thread of its own, so that nothing else waits for it."""

    def __init__(self, transport: Transport, worker: Worker, outbox: Outbox, describe: Describe) -> None:
        self._transport = transport
        self._worker = worker
        self._outbox = outbox
        self._describe = describe
        self._disk = ThreadPoolExecutor(1, "outbox")
        self._takes_doing = False

    async def open(self, wanted: instructions.OpenSession) -> Event:
        try:
            described = await self._worker.describe(self._describe)
            newest = await self._transport.get("/v1/agent/sessions/newest", NewestSession)
        except WorkerError as error:
            return CallFailed(Call.OPEN, Trouble.AGAIN, str(error))
        except (ProblemError, TransportError) as error:
            return _failed(Call.OPEN, error)
        message = OpenSession(
            protocol_version=PROTOCOL_VERSION,
            agent_version=__version__,
            opening_id=wanted.opening_id,
            follows=newest.session_id,
            description=described.description,
            offers=described.offers,
            builds=described.builds,
        )
        answered = await self._answer(Call.OPEN, "/v1/agent/sessions", message, SessionOpened, 30.0)
        if isinstance(answered, events.Answered) and isinstance(answered.reply, SessionOpened):
            self._takes_doing = answered.reply.takes_doing
        return answered

    async def claim(self, wanted: instructions.Claim) -> Event:
        message = Claim(
            session_id=wanted.session_id,
            claim_id=wanted.claim_id,
            up_to=wanted.up_to,
            wait_s=wanted.wait_s,
        )
        timeout_s = wanted.wait_s + ANSWER_S
        return await self._answer(Call.CLAIM, "/v1/agent/claims", message, Claimed, timeout_s)

    async def renew(self, wanted: instructions.Renew, doing: str | None) -> Event:
        """`doing` is for people, where the server takes it."""
        said = printable(doing)[:_DOING_SIGNS] if doing and self._takes_doing else None
        message = Renew(session_id=wanted.session_id, leases=wanted.leases, doing=said)
        return await self._answer(Call.RENEW, "/v1/agent/renewals", message, Renewed, RENEW_TIMEOUT_S)

    async def close(self, wanted: instructions.CloseSession) -> Event:
        sent_s = now_s()
        try:
            message = CloseSession(session_id=wanted.session_id)
            await self._transport.command("/v1/agent/sessions/close", message, CLOSE_TIMEOUT_S)
        except (ProblemError, TransportError) as error:
            return _failed(Call.CLOSE, error)
        return events.Answered(None, Call.CLOSE, sent_s)

    async def keep(self, wanted: instructions.Keep) -> Event:
        durable = await self._on_disk(
            lambda: self._outbox.keep(wanted.seed, wanted.provenance, wanted.reports)
        )
        if not durable:
            warn("a report is not on disk", reason="the disk or the spool is full")
        return events.Kept(await self._backlog(), durable=durable)

    async def deliver(self) -> Event:
        waiting = await self._on_disk(self._outbox.oldest)
        if waiting is None:  # the only one was corrupt, and has been set aside
            return events.Delivered(await self._backlog(), ())
        try:
            reported = await self._transport.post_body("/v1/agent/reports", waiting.body, Reported)
        except (ProblemError, TransportError) as error:
            return _failed(Call.REPORT, error)
        await self._on_disk(lambda: self._outbox.done(waiting))
        for receipt in reported.receipts:
            log("reported", **receipt.model_dump(mode="json", exclude_none=True))
        return events.Delivered(await self._backlog(), reported.receipts)

    async def set_aside(self, wanted: instructions.SetAside) -> Event:
        warn("a report was refused", detail=wanted.detail)
        waiting = await self._on_disk(self._outbox.oldest)
        if waiting is not None:
            await self._on_disk(lambda: self._outbox.set_aside(waiting, wanted.detail))
        return events.Delivered(await self._backlog(), ())

    def close_outbox(self) -> None:
        self._disk.shutdown()

    async def _answer(
        self, call: Call, path: str, message: Message, reply: type[Answer], timeout_s: float
    ) -> Event:
        sent_s = now_s()
        try:
            return events.Answered(await self._transport.post(path, message, reply, timeout_s), call, sent_s)
        except (ProblemError, TransportError) as error:
            return _failed(call, error)

    async def _backlog(self) -> int:
        return await self._on_disk(lambda: self._outbox.backlog)

    async def _on_disk(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, function)


def _failed(call: Call, error: ProblemError | TransportError) -> CallFailed:
    failed = call_failed(call, error)
    warn("a call failed", call=call, trouble=failed.trouble, detail=failed.detail)
    return failed
