"""From what went wrong in a call to what the machine has to know of it."""

from edgemeter.wire.problems import ProblemError, ProblemType
from edgemeter_agents.daemon.events import Call, CallFailed, Trouble
from edgemeter_agents.daemon.transport import TransportError

_FATAL = {
    ProblemType.UNAUTHENTICATED: "the server does not accept this agent's token; enrol it again",
    ProblemType.FORBIDDEN: "this token may not do an agent's work; enrol with a token for agents",
    ProblemType.AGENT_TOO_OLD: "the server needs a newer agent; upgrade edgemeter",
}
_SESSION = frozenset({ProblemType.SESSION_CLOSED, ProblemType.NOT_FOUND})
#: The message itself is at fault; the same again would be refused again.
_REFUSED = frozenset(
    {
        ProblemType.INVALID,
        ProblemType.MALFORMED,
        ProblemType.TOO_LARGE,
        ProblemType.CONFLICT,
        ProblemType.UNSUPPORTED_MEDIA,
    }
)


def call_failed(call: Call, error: ProblemError | TransportError) -> CallFailed:
    if isinstance(error, TransportError):
        return CallFailed(call, Trouble.AGAIN, str(error))
    detail = str(error)
    if error.kind in _FATAL:
        return CallFailed(call, Trouble.FATAL, f"{_FATAL[ProblemType(error.kind)]} ({detail})")
    return CallFailed(call, _trouble(call, error.kind), detail, error.retry_after_s or 0.0)


def _trouble(call: Call, kind: str) -> Trouble:
    if kind in _SESSION and call is not Call.REPORT:
        return Trouble.SESSION
    if kind == ProblemType.LEASE_LOST and call is Call.RENEW:
        return Trouble.LOST
    if kind in _REFUSED and call is Call.REPORT:
        return Trouble.REFUSED
    return Trouble.AGAIN
