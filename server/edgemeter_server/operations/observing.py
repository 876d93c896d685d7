"""Counts and logs every request when its answer has ended: one line, with all ids bound on the way."""

import asyncio
import logging
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgemeter_server.operations.metrics import Metrics

_log = structlog.get_logger()
#: Says whether lines are wanted: tests and simulations, which set up no logging, get none.
_gate = logging.getLogger(__name__)

_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"})
#: Polled by machines every few seconds: not worth a line each.
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class Observing:
    """Inside of `RequestIds`, outside of everything that may refuse."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began_s = _now_s()
        status = 499  # what others call it when nobody waited for the answer

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.open_requests.inc()
        try:
            await self._app(scope, receive, send_watched)
        finally:
            self._metrics.open_requests.dec()
            self._tell(scope, status, _now_s() - began_s)

    def _tell(self, scope: Scope, status: int, took_s: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = route_of(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(method, route).observe(took_s)
        if route not in _QUIET and _gate.isEnabledFor(logging.INFO):
            caller = scope.get("edgemeter.caller")
            token_id = None if caller is None else caller.token_id
            took_ms = round(took_s * 1000, 1)
            _log.info(
                "request", method=method, route=route, status=status, took_ms=took_ms, token_id=token_id
            )


def route_of(scope: Scope) -> str:
    """The route's pattern, never the path itself: there are few of them, and a path may say anything."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    route = context or scope.get("route")
    return str(getattr(route, "path", "unknown"))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
