"""Projects and tokens: who may do what."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from edgemeter.wire.base import Id, Instant, Label, Message, Reply, Slug


class Role(StrEnum):
    """Each but `agent` and `enrolment` may do what those before it may."""

    VIEWER = "viewer"  #: reads its project, and public ones
    SUBMITTER = "submitter"  #: uploads and requests in its project
    ADMIN = "admin"  #: everything, in all projects
    AGENT = "agent"  #: one device: its sessions, leases and the files they need
    ENROLMENT = "enrolment"  #: once: becomes an agent's token


class NewProject(Message):
    slug: Slug
    private: bool = False


class ProjectDocument(Reply):
    slug: Slug
    private: bool  #: its models and measurements are seen by its own tokens and admins only
    created_at: Instant


class NewToken(Message):
    """`project` for viewers and submitters, `device` for agents; admins have neither."""

    name: Label
    role: Role
    project: Slug | None = None
    device: Slug | None = None
    expires_s: Annotated[float, Field(ge=1, le=10 * 366 * 86_400)] | None = 90 * 86_400.0


class TokenDocument(Reply):
    id: Id
    name: Label
    role: Role
    project: Slug | None
    device: Slug | None
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None


class IssuedToken(TokenDocument):
    token: str  #: shown once; the server keeps its hash


class AuditEntry(Reply):
    """One thing that was done, and by whose token. `device` where it concerns one."""

    id: Id
    at: Instant
    token_id: Id | None
    device: Slug | None
    action: str
    detail: dict[str, Any]


class Identity(Reply):
    """Whose token this is: the answer of GET /v1/me."""

    id: Id
    name: Label
    role: Role
    project: Slug | None
    device: Slug | None
    server_version: str
