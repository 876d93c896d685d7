"""What the daemon's calls say."""

import uuid
from typing import Any, cast

import pytest

from edgemeter.wire.agents import Held, NewestSession, Renewed, SessionOpened
from edgemeter.wire.base import Message
from edgemeter_agents.daemon import instructions
from edgemeter_agents.daemon.calling import Calling
from edgemeter_agents.daemon.worker_messages import Describe, Described

from .conftest import opened, renewed

RENEW = instructions.Renew(1, (Held(attempt_id=1, secret="s" * 43),))


class Server:
    """Answers sessions and renewals; keeps what it was sent."""

    def __init__(self, session: SessionOpened) -> None:
        self._session = session
        self.sent: list[str] = []

    async def get(self, *_: object) -> NewestSession:
        return NewestSession(session_id=None)

    async def post(self, _: str, message: Message, *__: object) -> SessionOpened | Renewed:
        self.sent.append(message.model_dump_json())
        return self._session if len(self.sent) == 1 else renewed(a1="renewed")

    async def describe(self, _: Describe) -> Described:
        return Described(device="box", description={}, offers=(), builds=())


@pytest.mark.parametrize("takes_doing", [True, False])
async def test_only_a_server_that_takes_it_is_told_what_the_agent_does(takes_doing: bool) -> None:
    server = Server(opened().model_copy(update={"takes_doing": takes_doing}))
    anything = cast("Any", server)
    calling = Calling(anything, anything, anything, Describe(threads=(1,), batches=(1,)))
    await calling.open(instructions.OpenSession(uuid.uuid4()))
    await calling.renew(RENEW, None)
    await calling.renew(RENEW, "waits\x1b[2J" + "." * 300)
    _, silent, told = server.sent
    assert "doing" not in silent  # not even as null: servers of before refuse the field
    assert ("waits\\\\x1b[2J" in told) is takes_doing
    assert ("doing" in told) is takes_doing
    calling.close_outbox()
