"""Requests and replies that are cut off: whoever sends the same again is answered, and it was done once."""

from collections.abc import Iterator
from random import Random

import httpx
import pytest

from .calls import CALLS
from .proxy import Cut, Proxy, proxied
from .world import World, good


@pytest.fixture(scope="module")
def proxy(world: World) -> Iterator[Proxy]:
    """Between the server and all who call it."""
    port = world.admin.base_url.port
    assert port is not None
    with proxied(port) as proxy:
        for client in (world.admin, world.agent):
            client.base_url = httpx.URL(proxy.url)
            client.headers["connection"] = "close"
        yield proxy


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_was_cut_off_is_sent_again(name: str, world: World, proxy: Proxy) -> None:
    draw = Random(name)
    call = CALLS[name](world)
    cuts = (
        Cut("request", draw.randrange(1, 200)),
        Cut("reply", 0),
        Cut("reply", draw.randrange(1, 150)),
        Cut("reply", draw.randrange(1, 150)),
    )
    for cut in cuts:
        proxy.cuts.append(cut)
        with pytest.raises(httpx.TransportError):
            call.send()
    call.check(good(call.send()), good(call.send()))
    world.check_nothing_is_lost()
