"""What an operation may ask of the client that runs it. Operations are generators of these and do no I/O.

def me() -> Steps[Identity]:
    return (yield from ask(Call(method="GET", path="/v1/me", read=reader(Identity))))
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast

from edgemeter.client.retrying import RetryPolicy
from edgemeter.wire.base import Message

T = TypeVar("T")
CHUNK_BYTES = 1 << 18
#: Is told how many bytes of how many have been sent.
SentBytes = Callable[[int, int], None]


class Body(Protocol):
    """Bytes that are sent as they are, read anew at each attempt."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def media_type(self) -> str: ...

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class FileBody:
    """A file."""

    path: Path
    size_bytes: int
    progress: SentBytes | None = None
    media_type: str = "application/octet-stream"

    def chunks(self) -> Iterator[bytes]:
        sent_bytes = 0
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
                sent_bytes += len(chunk)
                if self.progress is not None:
                    self.progress(sent_bytes, self.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One call of the service, before it is sent. `read` makes its value of the answer's body.

    `repeatable`: sending it twice does what sending it once does. `longer_s` is what it may take beyond
    any other call: the wait of a long poll, the bytes of a body.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    query: Mapping[str, str] = field(default_factory=dict)
    message: Message | None = None
    body: Body | None = None
    idempotency_key: str | None = None
    repeatable: bool = True
    longer_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """What the client brings. `clock` is monotonic seconds; `project` is the one it was set to."""

    policy: RetryPolicy
    timeout_s: float
    project: str | None
    clock: Callable[[], float]
    random: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Consult:
    """Asks for the `Context`."""


@dataclass(frozen=True, slots=True)
class Send:
    """Asks to send a call once. Answered by an `Outcome`; never raises."""

    call: Call[Any]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    delay_s: float


@dataclass(frozen=True, slots=True)
class Work:
    """Asks to run what reads files or takes long. Answered by its value."""

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Emit(Generic[T]):
    """Hands one item of a stream to the caller."""

    value: T


Step: TypeAlias = Consult | Send | Pause | Work
Steps: TypeAlias = Generator[Step, Any, T]
Stream: TypeAlias = Generator[Step | Emit[T], Any, None]


def consult() -> Steps[Context]:
    return cast("Context", (yield Consult()))


def work(function: Callable[[], T]) -> Steps[T]:
    return cast("T", (yield Work(function)))


def collected(stream: Stream[T]) -> Steps[list[T]]:
    """All of a stream, as one value."""
    items: list[T] = []
    reply: Any = None
    while True:
        try:
            step = stream.send(reply)
        except StopIteration:
            return items
        if isinstance(step, Emit):
            items.append(step.value)
            reply = None
        else:
            reply = yield step
