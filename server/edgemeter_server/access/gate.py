"""Who is calling, and not too often, before a byte of a body is read."""

from starlette.types import ASGIApp, Receive, Scope, Send

from edgemeter.wire.access import Role
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.authentication import Authentication
from edgemeter_server.access.rates import Rates
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.headers import DOCS_PATH
from edgemeter_server.http.layer import Layer
from edgemeter_server.http.problems import Refusal

#: All that may be read without a token. /metrics is not among them: it tells how a lab is used.
PUBLIC_PATHS = frozenset({"/healthz", "/readyz", "/openapi.json", DOCS_PATH})
_READING = frozenset({"GET", "HEAD"})
_AGENT_FACTOR = 10
_SCHEME = b"bearer "


class Gate(Layer):
    """Sets `edgemeter.caller`. It goes by the path that is routed by, not by a URL: that has `Host` in it."""

    def __init__(self, app: ASGIApp, authentication: Authentication, requests_per_minute: int) -> None:
        super().__init__(app)
        self._authentication = authentication
        self._requests_per_minute = requests_per_minute
        self._rates = Rates()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in PUBLIC_PATHS or scope["method"] not in _READING:
            caller = await self._authentication.authenticate(bearer_of(scope))
            if caller is None:
                raise Refusal(ProblemType.UNAUTHENTICATED, "this token is unknown, expired or revoked")
            self._count(caller)
            scope["edgemeter.caller"] = caller
        await self.app(scope, receive, send)

    def _count(self, caller: Caller) -> None:
        factor = _AGENT_FACTOR if caller.role is Role.AGENT else 1
        now_s = self._authentication.monotonic_s()
        wait_s = self._rates.wait_s(caller.token_id, factor * self._requests_per_minute, now_s)
        if wait_s > 0:
            raise Refusal(ProblemType.RATE_LIMITED, "too many calls with this token", retry_after_s=wait_s)


def bearer_of(scope: Scope) -> str:
    """The one token that was sent. Raises Refusal UNAUTHENTICATED for none, or more."""
    sent = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(sent) != 1 or sent[0][: len(_SCHEME)].lower() != _SCHEME:
        raise Refusal(ProblemType.UNAUTHENTICATED, "this needs a token: `Authorization: Bearer ...`")
    return str(sent[0][len(_SCHEME) :].strip(), "latin-1")
