"""For those who run the service: is it alive, is it ready, how is it doing."""

from typing import Literal

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from edgemeter.wire.base import Reply
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.caller import Viewer
from edgemeter_server.http.problems import Refusal
from edgemeter_server.http.routes import Router
from edgemeter_server.operations.figures import figures_of
from edgemeter_server.operations.metrics import Metrics
from edgemeter_server.operations.readiness import failing
from edgemeter_server.services import ServicesOf

router = Router(tags=["operations"])
_RETRY_S = 5.0


class Health(Reply):
    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def get_health() -> Health:
    """The process is alive; nothing else is asked."""
    return Health()


@router.get("/readyz")
async def get_readiness(services: ServicesOf) -> Health:
    """Database and storage answer, and this server is not stopping."""
    missing = ["stopping"] if services.wakeups.ended else await failing(services)
    if missing:
        raise Refusal(ProblemType.UNAVAILABLE, f"not ready: {', '.join(missing)}", retry_after_s=_RETRY_S)
    return Health()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request, services: ServicesOf, _: Viewer) -> Response:
    """For Prometheus, in its text format."""
    metrics: Metrics = request.app.state.metrics
    metrics.show(await figures_of(services))
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
