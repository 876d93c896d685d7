"""The agent's calls over HTTP: typed messages out, typed replies in, problems as errors."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from edgemeter.failures import EdgeMeterError
from edgemeter.wire.base import Message
from edgemeter.wire.problems import BASE, Problem, ProblemError, ProblemType

R = TypeVar("R", bound=BaseModel)
USUAL_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class TransportError(EdgeMeterError):
    """No answer, or none that can be read: whether the server acted is not known."""


def is_loopback(server: str) -> bool:
    return urlsplit(server).hostname in _LOOPBACK


class Transport:
    """One connection pool to one server. `certificate` names authorities to trust instead of the usual."""

    def __init__(self, server: str, token: str | None, certificate: Path | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=server,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(USUAL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            verify=_verification(server, certificate),
            trust_env=not is_loopback(server),  # no proxy stands between us and ourselves
        )

    async def get(self, path: str, reply: type[R]) -> R:
        """As `post`, and asks only."""
        return _parsed(await self._send("GET", path, b"", USUAL_TIMEOUT_S), reply)

    async def post(
        self, path: str, message: Message, reply: type[R], timeout_s: float = USUAL_TIMEOUT_S
    ) -> R:
        """Raises ProblemError for what the server refuses, TransportError for the rest."""
        body = message.model_dump_json().encode()
        return _parsed(await self._send("POST", path, body, timeout_s), reply)

    async def post_body(self, path: str, body: bytes, reply: type[R]) -> R:
        """As `post`, for a message that was written down before."""
        return _parsed(await self._send("POST", path, body, USUAL_TIMEOUT_S), reply)

    async def command(self, path: str, message: Message, timeout_s: float) -> None:
        """As `post`, where the answer says nothing."""
        await self._send("POST", path, message.model_dump_json().encode(), timeout_s)

    @contextlib.asynccontextmanager
    async def content(self, path: str, from_byte: int) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """The bytes of a file, and where they begin: `from_byte`, or 0 where the server sends all of it."""
        headers = {"Accept-Encoding": "identity"}  # a range is of the file's own bytes
        if from_byte:
            headers["Range"] = f"bytes={from_byte}-"
        try:
            async with self._client.stream("GET", path, headers=headers) as response:
                if not response.is_success:
                    await response.aread()
                    raise _problem(response)
                start = from_byte if response.status_code == httpx.codes.PARTIAL_CONTENT else 0
                yield start, response.aiter_bytes()
        except httpx.HTTPError as error:
            raise TransportError(_words(error)) from error

    async def _send(self, method: str, path: str, body: bytes, timeout_s: float) -> httpx.Response:
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        headers = {"Content-Type": "application/json"}
        try:
            response = await self._client.request(
                method, path, content=body, headers=headers, timeout=timeout
            )
        except httpx.HTTPError as error:
            raise TransportError(_words(error)) from error
        if not response.is_success:
            raise _problem(response)
        return response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()


def _parsed(response: httpx.Response, reply: type[R]) -> R:
    try:
        return reply.model_validate_json(response.content)
    except ValidationError as error:
        raise TransportError(
            f"the answer is none that this agent knows: {error.error_count()} faults"
        ) from None


def _problem(response: httpx.Response) -> ProblemError | TransportError:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        # A proxy's own page, most likely.
        kind = ProblemType.UNAVAILABLE if response.is_server_error else ProblemType.MALFORMED
        problem = Problem(type=f"{BASE}{kind}", title=response.reason_phrase, status=response.status_code)
    return ProblemError(problem, _retry_after_s(response.headers.get("Retry-After")))


def _retry_after_s(value: str | None) -> float | None:
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def _words(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _verification(server: str, certificate: Path | None) -> ssl.SSLContext | bool:
    if urlsplit(server).scheme != "https":
        return False  # nothing to verify; loading the authorities costs memory
    return True if certificate is None else ssl.create_default_context(cafile=str(certificate))
