"""Everything between the socket and the routes, in its order."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from edgemeter_server.http.body import BodyLimit
from edgemeter_server.http.boundary import Boundary, answer
from edgemeter_server.http.headers import SecurityHeaders
from edgemeter_server.http.json_body import JsonBody
from edgemeter_server.http.request_id import RequestIds
from edgemeter_server.settings import Settings


def put_layers(app: FastAPI, settings: Settings, gate: Middleware) -> None:
    """From the outside in. Nothing of a body is read before the gate has let its sender through."""
    layers: Sequence[Middleware] = (
        Middleware(RequestIds),
        Middleware(SecurityHeaders),
        Middleware(BodyLimit, settings=settings),
        Middleware(Boundary),
        gate,
        Middleware(JsonBody),
    )
    app.user_middleware.extend(layers)
    app.add_exception_handler(HTTPException, answer)
    app.add_exception_handler(RequestValidationError, answer)
    app.router.redirect_slashes = False  # It would build an address from the Host header.
