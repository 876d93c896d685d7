"""Every exception that may leave an endpoint, as a refusal. What is not known here is a defect of ours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.http.problems import Refusal

MAX_ERRORS = 20  #: places told of one message
_RETRY_S = 5.0
_RETRY_FULL_S = 60.0

_KINDS = {
    401: ProblemType.UNAUTHENTICATED,
    403: ProblemType.FORBIDDEN,
    404: ProblemType.NOT_FOUND,
    405: ProblemType.METHOD_NOT_ALLOWED,
    413: ProblemType.TOO_LARGE,
    415: ProblemType.UNSUPPORTED_MEDIA,
    416: ProblemType.RANGE,
}
_WORDS = {404: "there is nothing here", 405: "this is not done by that method"}


def refusal_of(error: Exception) -> Refusal | None:
    """None for a defect: its text may tell of internals, so nobody but the log hears it."""
    match error:
        case Refusal():
            return error
        case RequestValidationError():
            return _of_validation(error.errors())
        case HTTPException():
            return _of_http(error)
        case UnavailableError():
            return _of_database(error)
        case _:
            return None


def defect() -> Refusal:
    return Refusal(ProblemType.INTERNAL, "a defect of the server; its log has this id")


def _of_validation(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    shown = tuple(_field_error(error) for error in errors[:MAX_ERRORS])
    more = len(errors) - len(shown)
    first = f"{shown[0].pointer} {shown[0].detail}".strip() if shown else "the message does not fit"
    return Refusal(ProblemType.INVALID, first + (f" (and {more} more)" if more else ""), errors=shown)


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """Places in the body are JSON pointers into it; parameters are told by name."""
    where, *place = error["loc"]
    if where == "body":
        return FieldError(pointer=pointer(place), detail=str(error["msg"]))
    name = ".".join(str(part) for part in place)
    return FieldError(pointer="", detail=f"{where} parameter `{name}`: {error['msg']}")


def pointer(place: Iterable[object]) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def _of_http(error: HTTPException) -> Refusal:
    fallback = ProblemType.INTERNAL if error.status_code >= 500 else ProblemType.MALFORMED
    kind = _KINDS.get(error.status_code, fallback)
    headers = error.headers or {}
    return Refusal(kind, _WORDS.get(error.status_code, "this cannot be read"), headers=headers)


def _of_database(error: UnavailableError) -> Refusal:
    if error.full:
        return Refusal(ProblemType.STORAGE_FULL, "no space is left", retry_after_s=_RETRY_FULL_S)
    kept = "it is not known whether this was kept: repeat it" if error.unknown else "nothing was kept"
    return Refusal(ProblemType.UNAVAILABLE, f"the database is away; {kept}", retry_after_s=_RETRY_S)
