"""The ASGI application: all domains' routes over one set of services."""

from fastapi import FastAPI

from edgemeter import __version__
from edgemeter_server.access import endpoints as access
from edgemeter_server.access.front import build_front
from edgemeter_server.artifacts import endpoints as artifacts
from edgemeter_server.http.openapi import operation_id
from edgemeter_server.services import Services


def create_app(services: Services) -> FastAPI:
    """The service as one application. It opens nothing: `services` was made by the caller, who closes it."""
    app = FastAPI(
        title="EdgeMeter",
        version=__version__,
        docs_url="/docs",
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    app.state.services = services
    build_front(app, services)
    app.include_router(access.router)
    app.include_router(artifacts.router)
    return app
