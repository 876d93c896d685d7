"""The project of calls that name none."""

from edgemeter.client.asking import ask
from edgemeter.client.replies import reader
from edgemeter.client.steps import Call, Steps, consult
from edgemeter.wire.access import Identity

DEFAULT = "default"


def me() -> Steps[Identity]:
    """Whose token this is, and what it may do."""
    return (yield from ask(Call(method="GET", path="/v1/me", read=reader(Identity))))


def home_project(named: str | None) -> Steps[str]:
    """The one named, else that of the settings, else the token's own. Admins have none: `default`."""
    if named is not None:
        return named
    context = yield from consult()
    if context.project is not None:
        return context.project
    identity = yield from me()
    return identity.project or DEFAULT
