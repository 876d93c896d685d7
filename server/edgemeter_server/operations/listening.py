"""The address to listen on. Light to import: whether it is free is known before anything else is loaded."""

import ipaddress
import socket

from edgemeter_server.operations.start_error import StartError
from edgemeter_server.settings import Settings


def bind(settings: Settings) -> socket.socket:
    """A bound socket, not yet listening; port 0 takes any free one. Raises StartError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise StartError(f"cannot listen on {where}: {error.strerror}") from None
    return bound


def url_of(settings: Settings, bound: socket.socket) -> str:
    """Where this machine reaches the server."""
    host, port = bound.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "::1" if address.version == 6 else "127.0.0.1"
    scheme = "https" if settings.tls_certificate is not None else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def lets_tokens_travel_unencrypted(settings: Settings, bound: socket.socket) -> bool:
    """Others than this machine reach it, by neither TLS nor a proxy."""
    loopback = ipaddress.ip_address(bound.getsockname()[0]).is_loopback
    return not loopback and settings.tls_certificate is None and settings.proxy_headers is None
