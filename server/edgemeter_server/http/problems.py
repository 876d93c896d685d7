"""Every error leaves as an RFC 9457 problem document with a stable type."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from edgemeter.wire.problems import FieldError, ProblemType

STATUS: Mapping[ProblemType, int] = {
    ProblemType.INVALID: 422,
    ProblemType.MALFORMED: 400,
    ProblemType.UNAUTHENTICATED: 401,
    ProblemType.FORBIDDEN: 403,
    ProblemType.NOT_FOUND: 404,
    ProblemType.METHOD_NOT_ALLOWED: 405,
    ProblemType.CONFLICT: 409,
    ProblemType.SESSION_CLOSED: 409,
    ProblemType.LEASE_LOST: 409,
    ProblemType.IDEMPOTENCY_MISMATCH: 409,
    ProblemType.TOO_LARGE: 413,
    ProblemType.DIGEST_MISMATCH: 422,
    ProblemType.UNSUPPORTED_MEDIA: 415,
    ProblemType.RANGE: 416,
    ProblemType.REQUEST_TIMEOUT: 408,
    ProblemType.AGENT_TOO_OLD: 426,
    ProblemType.RATE_LIMITED: 429,
    ProblemType.QUOTA: 403,
    ProblemType.INTERNAL: 500,
    ProblemType.UNAVAILABLE: 503,
    ProblemType.STORAGE_FULL: 507,
}


class Refusal(Exception):  # noqa: N818  an answer like others, not a failure of ours
    """Raised anywhere below an endpoint to answer with a problem. `detail` names nothing internal.

    `headers` are those that HTTP wants beside some refusals, such as `Allow`.
    """

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.headers = headers

    @property
    def status(self) -> int:
        return STATUS[self.kind]

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase
