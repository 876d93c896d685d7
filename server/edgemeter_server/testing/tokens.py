"""Tokens of any role, made as the service makes them."""

from sqlalchemy import Connection, insert, select

from edgemeter.wire.access import Role
from edgemeter_server.access.tables import projects
from edgemeter_server.access.tokens import issue
from edgemeter_server.devices.tables import devices
from edgemeter_server.services import Services


async def issue_token(
    services: Services,
    role: Role,
    *,
    project: str | None = "default",
    device: str | None = None,
    device_slug: str | None = None,
    expires_us: int | None = None,
) -> str:
    """The text of a new token. Projects and devices that are absent are made: `device` is the slug of an
    agent's, `device_slug` that of the only device an enrolment token may become.
    """

    def work(connection: Connection) -> str:
        now_us = services.clock.now_us(connection)
        owner = project if role in (Role.VIEWER, Role.SUBMITTER) else None
        _, text = issue(
            connection,
            f"test {role.value}",
            role,
            project_id=None if owner is None else _project(connection, owner, now_us),
            device_id=None if device is None else _device(connection, device, now_us),
            device_slug=device_slug,
            expires_us=expires_us,
            now_us=now_us,
        )
        return text

    return await services.database.write(work)


def _project(connection: Connection, slug: str, now_us: int) -> int:
    found = connection.execute(select(projects.c.id).where(projects.c.slug == slug)).scalar()
    if found is not None:
        return int(found)
    row = insert(projects).values(slug=slug, private=True, created_us=now_us)
    return int(connection.execute(row.returning(projects.c.id)).scalar_one())


def _device(connection: Connection, slug: str, now_us: int) -> int:
    found = connection.execute(select(devices.c.id).where(devices.c.slug == slug)).scalar()
    if found is not None:
        return int(found)
    row = insert(devices).values(
        slug=slug, name=slug, description="", health="good", health_reason="", strikes=0, created_us=now_us
    )
    return int(connection.execute(row.returning(devices.c.id)).scalar_one())
