"""Work in a thread of its own: told as it ends, and left behind by who stops."""

import asyncio
from threading import Event

import pytest

from edgemeter_server.predictors.apart import apart


async def test_what_it_returns_and_what_it_raises_arrive():
    def divided(number, by):
        return number / by

    assert await apart(divided, 6, by=3) == 2
    with pytest.raises(ZeroDivisionError):
        await apart(divided, 6, by=0)


async def test_who_is_cancelled_does_not_wait():
    began, may_end = Event(), Event()

    def endless():
        began.set()
        may_end.wait()

    task = asyncio.create_task(apart(endless))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    may_end.set()


def test_a_loop_that_ends_does_not_wait():
    may_end = Event()

    async def begin():
        asyncio.create_task(apart(may_end.wait))  # noqa: RUF006  # abandoned on purpose
        await asyncio.sleep(0)

    asyncio.run(begin())
    may_end.set()
