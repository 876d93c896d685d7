"""The OpenAPI document: what the routes say, and what holds for all of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from edgemeter.wire.problems import MEDIA_TYPE, FieldError, Problem, ProblemType
from edgemeter_server.http.problems import STATUS

_SCHEME = "token"
_METHODS = frozenset({"get", "head", "put", "post", "patch", "delete"})
_READING = frozenset({"get", "head"})
_OURS = ("ValidationError", "HTTPValidationError")  #: the framework's words for errors, which are not sent

_ANY = {400, 500, 503}
_WITH_TOKEN = {401, 403, 404, 429}
_CHANGING = {409, 507}
_WITH_BODY = {408, 413, 415, 422}
_WITH_PARAMETERS = {422}


def operation_id(route: APIRoute) -> str:
    """The endpoint's name: short, and stable as long as nobody renames it."""
    return f"{route.name}_head" if route.methods == {"HEAD"} else route.name


def describe(app: FastAPI, public_paths: frozenset[str]) -> None:
    """Makes `app.openapi()` the document of `document_of`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document_of(app, public_paths)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way


def document_of(app: FastAPI, public_paths: frozenset[str]) -> dict[str, Any]:
    """The whole document. Every answer that is no success is one of the problems."""
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components: dict[str, Any] = document.setdefault("components", {})
    components["securitySchemes"] = {_SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "em_..."}}
    components["responses"] = {_name(status): _response(status) for status in sorted(set(STATUS.values()))}
    components["responses"]["Problem"] = _problem_response("An error", {})
    schemas = components.setdefault("schemas", {})
    schemas.update(_schemas())
    for path, method, operation in operations(document):
        _declare(method, operation, public=path in public_paths)
    for name in _OURS:
        schemas.pop(name, None)
    components["schemas"] = dict(sorted(schemas.items()))
    document["paths"] = dict(sorted(document["paths"].items()))
    return document


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each path, method and operation."""
    for path, item in document["paths"].items():
        for method in sorted(_METHODS & set(item)):
            yield path, method, item[method]


def _declare(method: str, operation: dict[str, Any], *, public: bool) -> None:
    operation["security"] = [] if public else [{_SCHEME: []}]
    responses = operation["responses"]
    responses.pop("422", None)
    for status in sorted(_statuses(method, operation, public=public)):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})
    responses.setdefault("default", {"$ref": "#/components/responses/Problem"})


def _statuses(method: str, operation: Mapping[str, Any], *, public: bool) -> set[int]:
    return (
        _ANY
        | (set() if public else _WITH_TOKEN)
        | (set() if method in _READING else _CHANGING)
        | (_WITH_BODY if "requestBody" in operation else set())
        | (_WITH_PARAMETERS if "parameters" in operation else set())
    )


def _name(status: int) -> str:
    return f"Problem{status}"


def _response(status: int) -> dict[str, Any]:
    kinds = ", ".join(kind for kind, its_status in STATUS.items() if its_status == status)
    headers: dict[str, Any] = {}
    if status in (STATUS[ProblemType.RATE_LIMITED], STATUS[ProblemType.UNAVAILABLE], 507):
        headers["Retry-After"] = {"description": "Seconds", "schema": {"type": "integer"}}
    if status == STATUS[ProblemType.UNAUTHENTICATED]:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    return _problem_response(kinds, headers)


def _problem_response(description: str, headers: Mapping[str, Any]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content, **({"headers": dict(headers)} if headers else {})}


def _schemas() -> dict[str, Any]:
    template = "#/components/schemas/{model}"
    schema = Problem.model_json_schema(ref_template=template, mode="serialization")
    schema.pop("$defs", None)
    return {"Problem": schema, "FieldError": FieldError.model_json_schema(ref_template=template)}
