"""Serves until a signal, then ends in order: waiting calls are answered, work is done, connections close."""

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
import uvloop
from fastapi import FastAPI

from edgemeter_server.operations.connections import BoundedHeads
from edgemeter_server.settings import Settings

_BACKLOG: Final = 1024
_KEEP_ALIVE_S: Final = 75  #: longer than the longest poll, so that an agent needs one connection
_GRACE_S: Final = 8
_FILES: Final = 65_536
#: New objects before Python looks for cycles among them: a batch of reports makes thousands, and no cycle.
_COLLECT_EVERY: Final = (20_000, 20, 20)


def event_loop() -> asyncio.AbstractEventLoop:
    return uvloop.new_event_loop()


async def serve(app: FastAPI, settings: Settings, bound: socket.socket, ready: Callable[[], None]) -> None:
    """`ready` is called when connections are accepted. Returns within ten seconds of SIGTERM or SIGINT."""
    _allow_many_connections()
    _collect_seldom()
    await _Server(_config(app, settings), ready, app.state.services.wakeups.end).serve([bound])


def _allow_many_connections() -> None:
    """Each waiting agent holds one; the usual soft limit of 1024 files is for older programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _collect_seldom() -> None:
    """What is loaded stays: looking through it again and again took a fourth of the time of reports."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_EVERY)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedHeads,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.proxy_headers is not None,
        forwarded_allow_ips=settings.proxy_headers,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signal again at the end, before the database could be closed.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
