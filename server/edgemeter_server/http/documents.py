"""A refusal as the problem document that is sent."""

import math

from starlette.responses import Response

from edgemeter.wire.problems import BASE, MEDIA_TYPE, Problem, ProblemType
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.request_id import request_id


def document_of(refusal: Refusal) -> Problem:
    return Problem(
        type=BASE + refusal.kind,
        title=refusal.title,
        status=refusal.status,
        detail=refusal.detail,
        id=request_id(),
        errors=refusal.errors,
    )


def response_of(refusal: Refusal) -> Response:
    return Response(
        document_of(refusal).model_dump_json(),
        status_code=refusal.status,
        headers=_headers(refusal),
        media_type=MEDIA_TYPE,
    )


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = dict(refusal.headers)
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s)))
    if refusal.kind is ProblemType.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="edgemeter"'
    return headers
