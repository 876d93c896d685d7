"""Every exception becomes a problem of a stable type; a defect tells nothing."""

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from edgemeter.wire.problems import ProblemType
from edgemeter_server.database.base import UnavailableError
from edgemeter_server.http.documents import response_of
from edgemeter_server.http.problems import STATUS, Refusal
from edgemeter_server.http.translation import MAX_ERRORS, pointer, refusal_of


def _error(*place: object) -> dict[str, object]:
    return {"loc": place, "msg": "is wrong", "type": "value_error", "input": "secret"}


def test_places_in_a_body_are_json_pointers():
    refusal = refusal_of(RequestValidationError([_error("body", "items", 3, "a/b~c")]))

    assert refusal is not None
    assert refusal.errors[0].pointer == "/items/3/a~1b~0c"
    assert pointer([]) == ""


def test_parameters_are_told_by_name():
    refusal = refusal_of(RequestValidationError([_error("query", "limit")]))

    assert refusal is not None
    assert (refusal.errors[0].pointer, refusal.errors[0].detail) == ("", "query parameter `limit`: is wrong")


def test_ten_thousand_errors_are_told_in_short():
    refusal = refusal_of(RequestValidationError([_error("body", number) for number in range(10_000)]))

    assert refusal is not None
    assert len(refusal.errors) == MAX_ERRORS
    assert "9980 more" in refusal.detail


def test_what_was_sent_is_not_sent_back():
    refusal = refusal_of(RequestValidationError([_error("body", "token")]))

    assert refusal is not None
    assert b"secret" not in response_of(refusal).body


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HTTPException(404, "/srv/secret"), ProblemType.NOT_FOUND),
        (HTTPException(405, headers={"Allow": "GET"}), ProblemType.METHOD_NOT_ALLOWED),
        (HTTPException(418), ProblemType.MALFORMED),
        (HTTPException(502), ProblemType.INTERNAL),
        (UnavailableError("/srv/secret"), ProblemType.UNAVAILABLE),
        (UnavailableError("/srv/secret", full=True), ProblemType.STORAGE_FULL),
    ],
)
def test_each_has_its_type_and_no_internals(error: Exception, kind: ProblemType):
    refusal = refusal_of(error)

    assert refusal is not None
    assert refusal.kind is kind
    assert "/srv" not in refusal.detail


def test_whether_to_repeat_is_told():
    lost = refusal_of(UnavailableError("", unknown=True))

    assert lost is not None
    assert "repeat" in lost.detail
    assert int(response_of(lost).headers["Retry-After"]) >= 1


def test_headers_that_http_wants_are_kept():
    refusal = refusal_of(HTTPException(405, headers={"Allow": "GET"}))

    assert refusal is not None
    assert response_of(refusal).headers["Allow"] == "GET"
    assert "Bearer" in response_of(Refusal(ProblemType.UNAUTHENTICATED, "")).headers["WWW-Authenticate"]


def test_a_defect_is_none():
    assert refusal_of(RuntimeError("/srv/secret")) is None


def test_every_type_has_a_status():
    assert set(STATUS) == set(ProblemType)
