"""Every other operation of the service, each written once for both clients."""

from typing import Literal
from urllib.parse import quote

from edgemeter.client.asking import ask
from edgemeter.client.listing import every, written
from edgemeter.client.replies import nothing, reader
from edgemeter.client.steps import Call, Steps, Stream
from edgemeter.wire.access import IssuedToken, NewProject, NewToken, ProjectDocument, Role, TokenDocument
from edgemeter.wire.artifacts import ArtifactDocument
from edgemeter.wire.base import Page
from edgemeter.wire.devices import ApproveTargets, ChangeDevice, DeviceDocument, TargetRow
from edgemeter.wire.measurements import MeasurementRecord, MeasurementRow
from edgemeter.wire.recipes import ResetRecipe
from edgemeter.wire.requests import JobDocument, RequestDocument, RequestState


def projects() -> Stream[ProjectDocument]:
    """Those that the token sees."""
    return every("/v1/projects", Page[ProjectDocument], {})


def create_project(slug: str, *, private: bool = False) -> Steps[ProjectDocument]:
    message = NewProject(slug=slug, private=private)
    call = Call(
        method="POST", path="/v1/projects", message=message, repeatable=False, read=reader(ProjectDocument)
    )
    return (yield from ask(call))


def tokens() -> Stream[TokenDocument]:
    """All tokens, without their secrets; for admins."""
    return every("/v1/tokens", Page[TokenDocument], {})


def create_token(
    name: str,
    role: Role | str,
    *,
    project: str | None = None,
    device: str | None = None,
    expires_s: float | None = 90 * 86_400.0,
) -> Steps[IssuedToken]:
    """A new token; its text is shown this once. `project` for viewers and submitters, `device` for agents."""
    message = NewToken(name=name, role=Role(role), project=project, device=device, expires_s=expires_s)
    # Not repeatable: a lost answer would leave a token behind that nobody knows.
    call = Call(method="POST", path="/v1/tokens", message=message, repeatable=False, read=reader(IssuedToken))
    return (yield from ask(call))


def revoke_token(token_id: int) -> Steps[None]:
    """The token ends everywhere within 5 seconds."""
    yield from ask(Call(method="DELETE", path=f"/v1/tokens/{int(token_id)}", read=nothing))


def artifacts(*, project: str | None = None) -> Stream[ArtifactDocument]:
    """Files of one project, or of all that the token sees; newest first."""
    return every("/v1/artifacts", Page[ArtifactDocument], {"project": project})


def artifact(sha256: str, *, project: str | None = None) -> Steps[ArtifactDocument]:
    path = f"/v1/artifacts/{_part(sha256)}"
    call = Call(method="GET", path=path, query=written({"project": project}), read=reader(ArtifactDocument))
    return (yield from ask(call))


def targets() -> Stream[TargetRow]:
    """What can be measured on, with the devices that offer it."""
    return every("/v1/targets", Page[TargetRow], {})


def devices() -> Stream[DeviceDocument]:
    return every("/v1/devices", Page[DeviceDocument], {})


def device(slug: str) -> Steps[DeviceDocument]:
    return (
        yield from ask(Call(method="GET", path=f"/v1/devices/{_part(slug)}", read=reader(DeviceDocument)))
    )


def approve_targets(slug: str, targets: tuple[str, ...] | None = None) -> Steps[DeviceDocument]:
    """Lets jobs go to targets that a device offers; None: to all of them."""
    message = ApproveTargets(targets=targets)
    path = f"/v1/devices/{_part(slug)}/approve"
    return (yield from ask(Call(method="POST", path=path, message=message, read=reader(DeviceDocument))))


def change_device(
    slug: str,
    *,
    health: Literal["unknown", "maintenance", "retired"] | None = None,
    reason: str = "",
    name: str | None = None,
) -> Steps[DeviceDocument]:
    """An admin's word on a device: `unknown` lets it prove itself anew."""
    message = ChangeDevice(health=health, reason=reason, name=name)
    path = f"/v1/devices/{_part(slug)}"
    return (yield from ask(Call(method="PATCH", path=path, message=message, read=reader(DeviceDocument))))


def requests(
    *,
    project: str | None = None,
    state: RequestState | str | None = None,
    target: str | None = None,
    artifact: str | None = None,
    label: str | None = None,
) -> Stream[RequestDocument]:
    """What was asked for, newest first; what is None is not asked for."""
    query = {"project": project, "state": state, "target": target, "artifact": artifact, "label": label}
    return every("/v1/requests", Page[RequestDocument], query)


def jobs() -> Stream[JobDocument]:
    """What is to be measured, newest first."""
    return every("/v1/jobs", Page[JobDocument], {})


def job(job_id: int) -> Steps[JobDocument]:
    """A job with all its attempts."""
    return (yield from ask(Call(method="GET", path=f"/v1/jobs/{int(job_id)}", read=reader(JobDocument))))


def measurements(
    *,
    project: str | None = None,
    target: str | None = None,
    artifact: str | None = None,
    device: str | None = None,
    protocol: str | None = None,
    valid: bool | None = None,
    accepted: bool | None = None,
) -> Stream[MeasurementRow]:
    """Results, newest first; what is None is not asked for."""
    query = {
        "project": project,
        "target": target,
        "artifact": artifact,
        "device": device,
        "protocol": protocol,
        "valid": valid,
        "accepted": accepted,
    }
    return every("/v1/measurements", Page[MeasurementRow], query)


def measurement(measurement_id: int) -> Steps[MeasurementRecord]:
    """One result with everything that is kept of it, its samples among it."""
    path = f"/v1/measurements/{int(measurement_id)}"
    return (yield from ask(Call(method="GET", path=path, read=reader(MeasurementRecord))))


def delete_measurement(measurement_id: int) -> Steps[None]:
    path = f"/v1/measurements/{int(measurement_id)}"
    yield from ask(Call(method="DELETE", path=path, read=nothing))


def reset_recipe(sha256: str) -> Steps[ResetRecipe]:
    """Forgets a wrong first build, and what was measured of it; for admins."""
    path = f"/v1/recipes/{_part(sha256)}/reset"
    # The second time there is nothing to forget.
    return (yield from ask(Call(method="POST", path=path, repeatable=False, read=reader(ResetRecipe))))


def _part(text: str) -> str:
    """One part of a path, whatever stands in it."""
    return quote(text, safe="")
