"""What stands before all routes: layers, gate and the document that tells of them."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from edgemeter_server.access.gate import PUBLIC_PATHS, Gate
from edgemeter_server.http.layers import put_layers
from edgemeter_server.http.openapi import describe
from edgemeter_server.services import Services


def build_front(app: FastAPI, services: Services) -> None:
    gate = Middleware(
        Gate,
        authentication=services.authentication,
        requests_per_minute=services.settings.requests_per_minute,
    )
    put_layers(app, services.settings, gate)
    describe(app, PUBLIC_PATHS)
