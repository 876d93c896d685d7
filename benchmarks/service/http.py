"""HTTP/1.1 over one kept connection: as little as the service needs, so that the load itself costs little."""

import asyncio
import json
from typing import Any, Self
from urllib.parse import urlsplit


class CallError(Exception):
    """The server answered with another status than 2xx."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._head = f"Host: bench\r\nAuthorization: Bearer {token}\r\n"

    @classmethod
    async def open(cls, url: str, token: str) -> Self:
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port), token)

    async def call(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        """The answer's body. Raises CallError."""
        sent = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}{sent}".encode() + body)
        status, _, headers = (await self._reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        lengths = [
            line[15:] for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:")
        ]
        answer = await self._reader.readexactly(int(lengths[0])) if lengths else b""
        if status.split()[1][:1] != b"2":
            raise CallError(f"{method} {path}: {status.decode()} {answer[:300].decode()}")
        return answer

    async def post(self, path: str, message: object) -> Any:
        return json.loads(await self.call("POST", path, json.dumps(message).encode()))

    async def get(self, path: str) -> Any:
        return json.loads(await self.call("GET", path))

    def close(self) -> None:
        self._writer.close()
