"""Projects: who may see and change what is in them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, false, insert, or_, select, true

from edgemeter.wire.access import NewProject, ProjectDocument, Role
from edgemeter.wire.problems import ProblemType
from edgemeter_server.access.tables import projects
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.instants import instant

DEFAULT = "default"
_MOST_CALLERS: Final = 256


def ensure_default(connection: Connection, now_us: int) -> None:
    """The project of those who need only one is there from the first start."""
    if connection.execute(select(projects.c.id).where(projects.c.slug == DEFAULT)).first() is None:
        connection.execute(insert(projects).values(slug=DEFAULT, private=False, created_us=now_us))


def create(connection: Connection, message: NewProject, now_us: int) -> ProjectDocument:
    """Raises Refusal CONFLICT, or IntegrityError in a race, where there is one of that slug."""
    if connection.execute(select(projects.c.id).where(projects.c.slug == message.slug)).first() is not None:
        raise exists(message.slug)
    connection.execute(insert(projects).values(slug=message.slug, private=message.private, created_us=now_us))
    return ProjectDocument(slug=message.slug, private=message.private, created_at=instant(now_us))


def exists(slug: str) -> Refusal:
    return Refusal(ProblemType.CONFLICT, f"there is a project {slug!r}")


def project_id(connection: Connection, caller: Caller, slug: str, *, writing: bool) -> int:
    """Raises Refusal NOT_FOUND, in the same words, for what is absent and what is not the caller's."""
    found = connection.execute(_of_slug(caller, writing), {"slug": slug}).scalar()
    if found is None:
        raise Refusal(ProblemType.NOT_FOUND, f"no project {slug!r}, or not yours")
    return int(found)


# Nearly every call asks for it, and making it takes longer than executing it.
@lru_cache(_MOST_CALLERS)
def _of_slug(caller: Caller, writing: bool) -> Select[Any]:
    allowed = own_projects(caller) if writing else visible_projects(caller)
    return select(projects.c.id).where(projects.c.slug == bindparam("slug"), allowed)


def own_projects(caller: Caller) -> ColumnElement[bool]:
    """A condition on `projects`: those in which the caller may write, if its role writes at all."""
    if caller.role is Role.ADMIN:
        return true()
    return false() if caller.project_id is None else projects.c.id == caller.project_id


def visible_projects(caller: Caller) -> ColumnElement[bool]:
    """A condition on `projects`: the caller's own and public ones; all for admins, none for agents."""
    if caller.role in (Role.AGENT, Role.ENROLMENT):
        return false()
    return or_(own_projects(caller), projects.c.private.is_(False))


def listed(
    connection: Connection, caller: Caller, before_id: int, limit: int
) -> Sequence[tuple[int, ProjectDocument]]:
    """Newest first, with their ids."""
    rows = select(projects).where(projects.c.id < before_id, visible_projects(caller))
    newest = connection.execute(rows.order_by(projects.c.id.desc()).limit(limit))
    return [
        (row.id, ProjectDocument(slug=row.slug, private=row.private, created_at=instant(row.created_us)))
        for row in newest
    ]
