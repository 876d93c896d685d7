"""Every error leaves as an RFC 9457 problem document with a stable type."""

from http import HTTPStatus

from edgemeter.wire.problems import FieldError, ProblemType

_STATUS = {
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
    ProblemType.AGENT_TOO_OLD: 426,
    ProblemType.RATE_LIMITED: 429,
    ProblemType.QUOTA: 403,
    ProblemType.INTERNAL: 500,
    ProblemType.UNAVAILABLE: 503,
    ProblemType.STORAGE_FULL: 507,
}


class Refusal(Exception):
    """Raised anywhere below an endpoint to answer with a problem. `detail` names nothing internal."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        return _STATUS[self.kind]

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase
