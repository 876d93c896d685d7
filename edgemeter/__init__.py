"""EdgeMeter: how fast does this neural network run on that device, and how sure are we?"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgemeter.client import AsyncClient as AsyncClient
    from edgemeter.client import Client as Client

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    # The clients bring httpx, whose import takes longer than most commands.
    if name in {"Client", "AsyncClient"}:
        from edgemeter import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
