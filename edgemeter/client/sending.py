"""What both clients share of HTTP: headers, timeouts, and what httpx answers as an `Outcome`."""

import random
import ssl
import time
from collections.abc import AsyncIterable, Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from edgemeter import __version__
from edgemeter.client.asking import Answer, Silence
from edgemeter.client.retrying import RetryPolicy
from edgemeter.client.settings import ClientSettings
from edgemeter.client.steps import Context, Send

_CONNECT_S = 10.0
#: The call never left: whatever it was, it may be sent again.
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def http_options(settings: ClientSettings) -> dict[str, Any]:
    """For either of httpx's clients. Redirects are not followed: they would take the token along."""
    headers = {"User-Agent": f"edgemeter/{__version__}", "Accept": "application/json"}
    if token := settings.token_text():
        headers["Authorization"] = f"Bearer {token}"
    options: dict[str, Any] = {"base_url": settings.url, "headers": headers, "follow_redirects": False}
    if settings.ca_file is not None:
        options["verify"] = ssl.create_default_context(cafile=str(settings.ca_file))
    # A proxy of the environment is not meant for this machine itself.
    options["trust_env"] = not _is_loopback(settings.url)
    return options


def context_of(settings: ClientSettings, policy: RetryPolicy) -> Context:
    return Context(policy, settings.timeout_s, settings.project, time.monotonic, random.random)


def request_options(send: Send, body: Iterable[bytes] | AsyncIterable[bytes] | None) -> dict[str, Any]:
    call = send.call
    headers: dict[str, str] = {}
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    content: Any = body
    if call.body is not None:
        headers["Content-Type"] = call.body.media_type
        headers["Content-Length"] = str(call.body.size_bytes)
    elif call.message is not None:
        headers["Content-Type"] = "application/json"
        content = call.message.model_dump_json(exclude_defaults=True)
    return {
        "method": call.method,
        "url": call.path,
        "params": dict(call.query),
        "headers": headers,
        "content": content,
        "timeout": httpx.Timeout(send.timeout_s, connect=min(_CONNECT_S, send.timeout_s)),
    }


def answered(response: httpx.Response) -> Answer:
    return Answer(
        response.status_code,
        {name.lower(): value for name, value in response.headers.items()},
        response.content,
    )


def silent(error: httpx.RequestError, url: httpx.URL) -> Silence:
    reason = f"{url}: {str(error) or type(error).__name__}"
    return Silence(reason, reached=not isinstance(error, _NOT_REACHED))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
