"""The ASGI application: all domains' routes over one set of services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.middleware import Middleware

from edgemeter import __version__
from edgemeter_server.access import endpoints as access
from edgemeter_server.access.front import build_front
from edgemeter_server.artifacts import endpoints as artifacts
from edgemeter_server.campaigns import endpoints as campaigns
from edgemeter_server.devices import endpoints as devices
from edgemeter_server.http.routes import put_routes
from edgemeter_server.jobs import endpoints as jobs
from edgemeter_server.measurements import endpoints as measurements
from edgemeter_server.multi_hardware import endpoints as multi_hardware
from edgemeter_server.operations import background
from edgemeter_server.operations import endpoints as operations
from edgemeter_server.operations.metrics import Metrics
from edgemeter_server.operations.observing import Observing
from edgemeter_server.predictors import endpoints as predictors
from edgemeter_server.recipes import endpoints as recipes
from edgemeter_server.services import Services

#: Routes are tried in this order: agents ask hundreds of times a second.
_ROUTERS = (
    *jobs.routers,
    operations.router,
    access.router,
    artifacts.router,
    devices.router,
    measurements.router,
    *campaigns.routers,
    recipes.router,
    *predictors.routers,
    multi_hardware.router,
)


def create_app(services: Services) -> FastAPI:
    """The service as one application. It opens nothing: `services` was made by the caller, who closes it.

    Its lifespan runs the periodic work; without one, as in most tests, nothing happens by itself.
    """
    app = FastAPI(
        title="EdgeMeter",
        version=__version__,
        docs_url="/docs",
        redoc_url=None,
        lifespan=_background,
    )
    app.state.services = services
    app.state.metrics = Metrics()
    build_front(app, services)
    app.user_middleware.insert(1, Middleware(Observing, metrics=app.state.metrics))  # just inside RequestIds
    put_routes(app, _ROUTERS)
    return app


@asynccontextmanager
async def _background(app: FastAPI) -> AsyncIterator[None]:
    """While the server serves, it also does what nobody asks for."""
    task = asyncio.create_task(background.run(app.state.services, app.state.metrics))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
