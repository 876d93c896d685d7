"""What a client raises, beside `edgemeter.wire.problems.ProblemError`: the server's own refusals.

ClientError
  UnreachableError      no answer, however often it was tried
  UnexpectedReplyError  an answer that is not the service's: a proxy, another program, a newer server
  NoTargetError         no target of the server fits what was asked for
  StillWaitingError     time ran out before every request had ended; they go on
"""

from collections.abc import Iterable

from edgemeter.failures import EdgeMeterError


class ClientError(EdgeMeterError):
    """Base of the client's own errors."""


class UnreachableError(ClientError):
    pass


class UnexpectedReplyError(ClientError):
    pass


class NoTargetError(ClientError, LookupError):
    pass


class StillWaitingError(ClientError, TimeoutError):
    """`request_ids` have not ended; nothing is lost, `wait` may be called again."""

    def __init__(self, request_ids: Iterable[int]) -> None:
        self.request_ids = tuple(sorted(request_ids))
        shown = ", ".join(map(str, self.request_ids[:5]))
        more = f" and {len(self.request_ids) - 5} more" if len(self.request_ids) > 5 else ""
        super().__init__(f"time ran out before these requests ended: {shown}{more}; they go on")
