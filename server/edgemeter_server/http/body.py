"""No body is longer, or takes longer, than it may."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgemeter.wire.predictors import MOST_KERNELS_BYTES
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.headers import add_missing
from edgemeter_server.http.layer import Layer
from edgemeter_server.http.problems import Refusal
from edgemeter_server.settings import Settings

UPLOADS = "/v1/artifacts/"
OCTETS = "application/octet-stream"
#: How the OpenAPI document says that a body is bytes.
OCTETS_CONTENT: Final[dict[str, Any]] = {
    "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}
}
CSV = "text/csv"
IMPORTS = "/v1/imports"
BULK_ESTIMATES = "/v1/estimates/bulk"
KERNEL_PREDICTORS = "/v1/predictors/kernels"
MESSAGE_S = 60.0  #: for a whole body of any other kind


def is_upload(scope: Scope) -> bool:
    """An artifact's content, or a table: read as it comes, never held whole in memory."""
    path: str = scope["path"]
    if scope["method"] == "PUT":
        return path.startswith(UPLOADS)
    return scope["method"] == "POST" and path == IMPORTS


def is_octets(scope: Scope) -> bool:
    """Bytes that are not JSON."""
    return is_upload(scope) or is_bulk(scope) or is_predictor(scope)


def is_bulk(scope: Scope) -> bool:
    """Codes of architectures, in any number: read as they come too."""
    path: str = scope["path"]
    return scope["method"] == "POST" and path == BULK_ESTIMATES


def is_predictor(scope: Scope) -> bool:
    """A saved predictor."""
    path: str = scope["path"]
    return scope["method"] == "POST" and path == KERNEL_PREDICTORS


def require_octets(headers: Mapping[str, str], *wanted: str) -> str:
    """Which type a body of bytes has, of those `wanted` (OCTETS by default). The first goes without saying.

    Raises Refusal UNSUPPORTED_MEDIA for a body of another type, or one that is compressed.
    """
    wanted = wanted or (OCTETS,)
    type_ = headers.get("content-type", wanted[0]).partition(";")[0].strip().lower()
    if type_ not in wanted or headers.get("content-encoding", "identity") != "identity":
        words = " or ".join(f"`Content-Type: {each}`" for each in wanted)
        raise Refusal(ProblemType.UNSUPPORTED_MEDIA, f"send the bytes as they are, as {words}")
    return type_


async def in_pieces(body: AsyncIterable[bytes], size_bytes: int) -> AsyncIterator[bytes]:
    """A body in pieces of at least so many bytes, but for the last, which may be empty."""
    parts: list[bytes] = []
    size = 0
    async for part in body:
        parts.append(part)
        size += len(part)
        if size >= size_bytes:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    size_bytes: int
    total_s: float
    stall_s: float

    @classmethod
    def of(cls, scope: Scope, settings: Settings) -> "BodyLimits":
        if is_upload(scope):
            return cls(settings.max_artifact_bytes, settings.upload_timeout_s, settings.stall_timeout_s)
        if is_bulk(scope):
            return cls(settings.max_bulk_bytes, settings.upload_timeout_s, settings.stall_timeout_s)
        if is_predictor(scope):
            return cls(MOST_KERNELS_BYTES, settings.upload_timeout_s, settings.stall_timeout_s)
        return cls(settings.max_body_bytes, MESSAGE_S, settings.stall_timeout_s)


class BodyLimit(Layer):
    """Bounds what is read of a body; a body that was not read to its end ends the connection."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app)
        self._settings = settings

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, BodyLimits.of(scope, self._settings), dict(scope["headers"]))

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and body.unread and scope["http_version"] < "2":
                add_missing(message, ((b"connection", b"close"),))
            await send(message)

        await self.app(scope, body.receive, send_last)


class _Body:
    """The body of one request, while it comes."""

    def __init__(self, receive: Receive, limits: BodyLimits, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        self._limits = limits
        self._announced_bytes = _announced_bytes(headers)
        self._read_bytes = 0
        self._deadline_s: float | None = None
        self._ended = False
        self._announced = self._announced_bytes > 0 or b"transfer-encoding" in headers

    @property
    def unread(self) -> bool:
        return self._announced and not self._ended

    async def receive(self) -> Message:
        if self._ended:  # Whoever listens now waits for the client to go away.
            return await self._receive()
        self._check_size(self._announced_bytes)
        message = await self._next()
        self._read_bytes += len(message.get("body", b""))
        self._check_size(self._read_bytes)
        self._ended = not message.get("more_body", False)
        return message

    async def _next(self) -> Message:
        now_s = asyncio.get_running_loop().time()
        if self._deadline_s is None:
            self._deadline_s = now_s + self._limits.total_s
        try:
            async with asyncio.timeout_at(min(self._deadline_s, now_s + self._limits.stall_s)):
                return await self._receive()
        except TimeoutError:
            raise Refusal(ProblemType.REQUEST_TIMEOUT, "the body came too slowly") from None

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._limits.size_bytes:
            raise Refusal(ProblemType.TOO_LARGE, f"a body may have {self._limits.size_bytes} bytes")


def _announced_bytes(headers: Mapping[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0
