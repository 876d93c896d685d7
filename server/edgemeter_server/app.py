"""The ASGI application: all domains' routes over one set of services."""

from fastapi import FastAPI

from edgemeter import __version__
from edgemeter_server.artifacts import endpoints as artifacts
from edgemeter_server.services import Services


def create_app(services: Services) -> FastAPI:
    """The service as one application. It opens nothing: `services` was made by the caller, who closes it."""
    app = FastAPI(title="EdgeMeter", version=__version__, docs_url="/docs", redoc_url=None)
    app.state.services = services
    app.include_router(artifacts.router)
    return app
