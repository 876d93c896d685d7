"""Routes that are called hundreds of times a second, without what of the framework they do not need."""

from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from edgemeter_server.http.json_body import parsed
from edgemeter_server.http.routes import Route


class DirectRoute(Route):
    """Declared as every route, and documented so; called directly.

    The endpoint has dependencies, each an asynchronous function of the request or of others, and at most one
    message and one query, each a model. It makes its `Response` itself. What it raises is answered by the
    `Boundary`.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive, send)
        values = await _solved(self.dependant, request)
        for field in self.dependant.body_params:
            values[field.name] = _checked(field.field_info.annotation, parsed(scope), "body")
        for field in self.dependant.query_params:
            values[field.name] = _checked(field.field_info.annotation, dict(request.query_params), "query")
        response = await self.endpoint(**values)
        await response(scope, receive, send)


async def _solved(dependant: Dependant, request: Request) -> dict[str, Any]:
    values = {} if dependant.request_param_name is None else {dependant.request_param_name: request}
    for each in dependant.dependencies:
        solve: Any = each.call
        values[str(each.name)] = await solve(**await _solved(each, request))
    return values


def _checked(model: Any, sent: Any, where: str) -> BaseModel:
    try:
        checked: BaseModel = model.model_validate(sent)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([each | {"loc": (where, *each["loc"])} for each in errors]) from None
    return checked
