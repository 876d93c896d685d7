"""What an admin may ask for as a token, checked and issued."""

from sqlalchemy import Connection, select

from edgemeter.wire.access import IssuedToken, NewToken, Role
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.access import repository, tokens
from edgemeter_server.access.tables import projects
from edgemeter_server.devices.tables import devices
from edgemeter_server.http.problems import Refusal

_OF_PROJECT = frozenset({Role.VIEWER, Role.SUBMITTER})
_OF_DEVICE = frozenset({Role.AGENT, Role.ENROLMENT})


def check(message: NewToken) -> None:
    """Raises Refusal INVALID where role, project and device do not go together."""
    if (message.role in _OF_PROJECT) != (message.project is not None):
        raise _invalid("/project", "viewers and submitters have a project, others have none")
    if message.role is Role.AGENT and message.device is None:
        raise _invalid("/device", "an agent's token is for one device")
    if message.role not in _OF_DEVICE and message.device is not None:
        raise _invalid("/device", "only agents and enrolments have a device")


def grant(connection: Connection, message: NewToken, enrolment_s: float, now_us: int) -> IssuedToken:
    """An enrolment may name a device that is not there yet; nothing else is named that is not there."""
    token_id, text = tokens.issue(
        connection,
        message.name,
        message.role,
        project_id=_project_id(connection, message.project),
        device_id=_device_id(connection, message.device) if message.role is Role.AGENT else None,
        device_slug=message.device if message.role is Role.ENROLMENT else None,
        expires_us=_expires_us(message, enrolment_s, now_us),
        now_us=now_us,
    )
    document = repository.document(connection, token_id)
    return IssuedToken(**document.model_dump(), token=text)


def _expires_us(message: NewToken, enrolment_s: float, now_us: int) -> int | None:
    """Enrolments are short-lived, whatever is asked for."""
    life_s = message.expires_s
    if message.role is Role.ENROLMENT:
        life_s = enrolment_s if life_s is None else min(life_s, enrolment_s)
    return None if life_s is None else now_us + round(life_s * 1_000_000)


def _project_id(connection: Connection, slug: str | None) -> int | None:
    if slug is None:
        return None
    found = connection.execute(select(projects.c.id).where(projects.c.slug == slug)).scalar()
    if found is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no project {slug!r}")
    return int(found)


def _device_id(connection: Connection, slug: str | None) -> int:
    found = connection.execute(select(devices.c.id).where(devices.c.slug == slug)).scalar()
    if found is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no device {slug!r}")
    return int(found)


def _invalid(pointer: str, detail: str) -> Refusal:
    return Refusal(ProblemType.INVALID, detail, errors=(FieldError(pointer=pointer, detail=detail),))
