"""Who is calling, and whether its role allows it. Every endpoint but the public ones asks for a `Caller`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from edgemeter.wire.access import Role
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal

#: What decides which projects a caller sees: what is kept for one is good for all of the same sight.
Sight = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Caller:
    """A token that has been checked. Viewers and submitters have a `project_id`, agents a `device_id`."""

    token_id: int
    name: str
    role: Role
    project_id: int | None
    device_id: int | None

    @property
    def sight(self) -> Sight:
        # As a plain text: an enumeration's hash is Python's own code.
        return str(self.role), self.project_id


# Asynchronous, as all dependencies: FastAPI would call a plain function in a thread.
async def _caller(request: Request) -> Caller:
    # Set by AuthenticationMiddleware before a byte of the body is read.
    caller: Caller | None = request.scope.get("edgemeter.caller")
    if caller is None:
        raise Refusal(ProblemType.UNAUTHENTICATED, "this needs a token: `Authorization: Bearer ...`")
    return caller


def _require(*roles: Role) -> object:
    allowed = frozenset(roles)

    async def check(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if caller.role not in allowed:
            raise Refusal(ProblemType.FORBIDDEN, f"a token of role {caller.role} may not do this")
        return caller

    check.roles = allowed  # type: ignore[attr-defined]  # read by the test over all endpoints
    return Depends(check)


AnyCaller = Annotated[Caller, Depends(_caller)]
Viewer = Annotated[Caller, _require(Role.VIEWER, Role.SUBMITTER, Role.ADMIN)]
Submitter = Annotated[Caller, _require(Role.SUBMITTER, Role.ADMIN)]
Admin = Annotated[Caller, _require(Role.ADMIN)]
Agent = Annotated[Caller, _require(Role.AGENT)]
Enrolment = Annotated[Caller, _require(Role.ENROLMENT)]
AgentOrViewer = Annotated[Caller, _require(Role.AGENT, Role.VIEWER, Role.SUBMITTER, Role.ADMIN)]
