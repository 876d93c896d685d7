"""The route that takes predictors of any file."""

from pathlib import Path
from typing import Annotated

from fastapi import Query, Request

from edgemeter.wire.base import Slug
from edgemeter.wire.predictors import PredictorDocument
from edgemeter_server.artifacts.refusing import told_as_refusal
from edgemeter_server.artifacts.uploading import fill
from edgemeter_server.http.body import KERNEL_PREDICTORS, OCTETS_CONTENT, require_octets
from edgemeter_server.http.caller import Submitter
from edgemeter_server.http.routes import Router
from edgemeter_server.predictors import documents
from edgemeter_server.predictors.kernels import publishing
from edgemeter_server.predictors.kernels.opening import open_in_child
from edgemeter_server.predictors.kernels.publishing import HandedIn, Wanted
from edgemeter_server.services import ServicesOf

router = Router(tags=["predictors"])


@router.post(
    KERNEL_PREDICTORS, status_code=201, openapi_extra={"requestBody": {"required": True, **OCTETS_CONTENT}}
)
async def publish_kernels(
    services: ServicesOf,
    caller: Submitter,
    request: Request,
    target: Slug,
    project: Slug = "default",
    activate: Annotated[bool, Query(description="It answers estimates from then on")] = True,
    stale: Annotated[bool, Query(description="Also where the target runs another engine now")] = False,
) -> PredictorDocument:
    """Takes a predictor of any file that `edgemeter kernels fit` has saved: the target's next version."""
    require_octets(request.headers)
    wanted = Wanted(project, target, activate, stale)
    await services.database.read(lambda c: publishing.check(c, caller, wanted))
    with told_as_refusal():
        async with services.storage.draft() as draft:
            await fill(draft, request.stream())
            file = await draft.inspect(_opened)
    id_ = await services.database.write(
        lambda c: publishing.publish(c, caller, wanted, file, services.clock.now_us(c))
    )
    return await services.database.read(lambda c: documents.one(c, caller, id_))


def _opened(file: Path) -> HandedIn:
    return HandedIn(file.read_bytes(), open_in_child(file))
