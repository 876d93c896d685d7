"""RFC 9457 problem documents: every error of the service, with a stable type."""

from enum import StrEnum

from edgemeter.failures import EdgeMeterError
from edgemeter.wire.base import Reply

MEDIA_TYPE = "application/problem+json"
BASE = "/problems/"


class ProblemType(StrEnum):
    """The last word of a problem's type URI. Programs decide by it, never by the text."""

    INVALID = "invalid"  #: 422, the message does not fit its schema; `errors` names each place
    MALFORMED = "malformed"  #: 400, not even readable
    UNAUTHENTICATED = "unauthenticated"  #: 401, no token, or one that is unknown, expired or revoked
    FORBIDDEN = "forbidden"  #: 403, the token's role does not allow it
    NOT_FOUND = "not-found"  #: 404, absent, or not yours: the two look alike
    METHOD_NOT_ALLOWED = "method-not-allowed"  #: 405
    CONFLICT = "conflict"  #: 409, the thing's state does not allow it
    SESSION_CLOSED = (
        "session-closed"  #: 409, another session of the device took over, or did before: stop and forget
    )
    LEASE_LOST = "lease-lost"  #: 409, none of the named leases is held: stop and forget
    IDEMPOTENCY_MISMATCH = "idempotency-mismatch"  #: 409, the key was used for another message
    TOO_LARGE = "too-large"  #: 413
    DIGEST_MISMATCH = "digest-mismatch"  #: 422, the bytes are not what their sha256 says
    UNSUPPORTED_MEDIA = "unsupported-media"  #: 415
    RANGE = "range-not-satisfiable"  #: 416
    REQUEST_TIMEOUT = "request-timeout"  #: 408, the body came too slowly
    AGENT_TOO_OLD = "agent-too-old"  #: 426, upgrade the agent
    RATE_LIMITED = "rate-limited"  #: 429, `Retry-After` says when
    QUOTA = "quota-exceeded"  #: 403, of the token or its project
    INTERNAL = "internal"  #: 500, a defect; `id` finds it in the server's log
    UNAVAILABLE = "unavailable"  #: 503, `Retry-After` says when: starting, stopping, database away
    STORAGE_FULL = "storage-full"  #: 507


class FieldError(Reply):
    """One place of a message that is wrong: a JSON pointer and what is wrong with it."""

    pointer: str
    detail: str


class Problem(Reply):
    """`type` is "/problems/" and a `ProblemType`; `id` is the request's id, also in the server's log."""

    type: str
    title: str
    status: int
    detail: str = ""
    id: str = ""
    errors: tuple[FieldError, ...] = ()


class ProblemError(EdgeMeterError):
    """The server refused. `problem` is what it said; `retry_after_s` when it may be tried again."""

    def __init__(self, problem: Problem, retry_after_s: float | None = None) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem
        self.retry_after_s = retry_after_s

    @property
    def kind(self) -> str:
        return self.problem.type.removeprefix(BASE)
