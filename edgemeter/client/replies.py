"""From the bytes of an answer to a value, or to the error it stands for."""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from edgemeter.client.errors import ClientError, UnexpectedReplyError
from edgemeter.wire.problems import MEDIA_TYPE, Problem, ProblemError

T = TypeVar("T")
_NO_SERVICE = "is this the address of an EdgeMeter server, and is its version one this client knows?"


def reader(reply: type[T]) -> Callable[[bytes], T]:
    """Reads a JSON body. The result raises UnexpectedReplyError for one that does not fit."""
    adapter: TypeAdapter[T] = _adapter(cast("Hashable", reply))

    def read(content: bytes) -> T:
        try:
            return adapter.validate_json(content)
        except ValidationError as error:
            place = ".".join(map(str, error.errors(include_input=False)[0]["loc"])) or "its whole body"
            raise UnexpectedReplyError(f"the answer is not as expected ({place}): {_NO_SERVICE}") from None

    return read


@cache
def _adapter(reply: Any) -> TypeAdapter[Any]:
    return TypeAdapter(reply)


def nothing(_content: bytes) -> None:
    """For answers without a body."""


def problem_of(status: int, headers: Mapping[str, str], content: bytes) -> ProblemError | ClientError:
    """The error that an answer of any other status than success stands for."""
    if status < 400:
        return UnexpectedReplyError(f"the server answers with status {status}: {_NO_SERVICE}")
    return ProblemError(_problem(status, headers, content), retry_after_s(headers))


def _problem(status: int, headers: Mapping[str, str], content: bytes) -> Problem:
    if headers.get("content-type", "").partition(";")[0].strip() == MEDIA_TYPE:
        try:
            return Problem.model_validate_json(content)
        except ValidationError:
            pass
    # Not the service itself: a proxy before it, which says nothing but a status.
    return Problem(
        type="about:blank", title=f"the server answers with status {_phrase(status)}", status=status
    )


def _phrase(status: int) -> str:
    known: dict[int, Any] = {known.value: known for known in HTTPStatus}
    return f"{status} ({known[status].phrase})" if status in known else str(status)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds only: the service never sends the other form, a date."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None
