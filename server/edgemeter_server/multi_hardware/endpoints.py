"""The routes of metrics over several targets."""

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from edgemeter.wire.metrics import ComparedNetworks, NewFront, NewMetrics, Sample
from edgemeter_server.http.caller import Caller, Viewer
from edgemeter_server.http.routes import Router
from edgemeter_server.multi_hardware.checking import check, check_front
from edgemeter_server.multi_hardware.comparing import compare
from edgemeter_server.multi_hardware.drawing import drawn_front, prepare
from edgemeter_server.services import Services, ServicesOf

router = Router(prefix="/v1", tags=["metrics"])


@router.post("/metrics", response_model=ComparedNetworks)
async def compare_networks(services: ServicesOf, caller: Viewer, message: NewMetrics) -> Response:
    """Latencies on each target, f_avg and f_max, multiply-adds, parameters and the peak of memory."""
    check(message)
    compared = await services.database.read(
        lambda c: compare(c, caller, services, message, message.architectures)
    )
    return _answer(await run_in_threadpool(compared.document))


@router.post("/pareto", response_model=ComparedNetworks)
async def find_front(services: ServicesOf, caller: Viewer, message: NewFront) -> Response:
    """Those of the architectures, or of a random sample, that no other one is as good as in every metric."""
    check_front(message)
    if message.sample is not None:
        return _answer(await _of_sample(services, caller, message, message.sample))
    compared = await services.database.read(
        lambda c: compare(c, caller, services, message, message.architectures, message.qualities)
    )
    return _answer(await run_in_threadpool(lambda: compared.document(compared.front())))


async def _of_sample(
    services: Services, caller: Caller, message: NewFront, sample: Sample
) -> ComparedNetworks:
    draw = await services.database.read(lambda c: prepare(c, caller, services, message, sample))
    drawn = await run_in_threadpool(drawn_front, draw)
    predicted = message.model_copy(update={"measured": False})  # it was chosen so
    compared = await services.database.read(lambda c: compare(c, caller, services, predicted, drawn.texts))
    return compared.document(candidates=drawn.candidates)


def _answer(found: ComparedNetworks) -> Response:
    return Response(found.model_dump_json(), media_type="application/json")
