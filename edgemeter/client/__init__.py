"""The REST client: `Client` for scripts and notebooks, `AsyncClient` for event loops.

    from edgemeter import Client

    with Client() as client:  # the server of `edgemeter config show`
        estimate = client.measure("network.onnx", "openvino")

Each operation is written once, in `operations`, as a generator that says what is to be sent; the two clients
only send, wait and read files, each in its own way. See docs/client.md.
"""

from edgemeter.client.answers import Answers
from edgemeter.client.asynchronous import AsyncClient
from edgemeter.client.errors import (
    ClientError,
    NoTargetError,
    StillWaitingError,
    UnexpectedReplyError,
    UnreachableError,
)
from edgemeter.client.settings import ClientSettings
from edgemeter.client.synchronous import Client

__all__ = [
    "Answers",
    "AsyncClient",
    "Client",
    "ClientError",
    "ClientSettings",
    "NoTargetError",
    "StillWaitingError",
    "UnexpectedReplyError",
    "UnreachableError",
]
