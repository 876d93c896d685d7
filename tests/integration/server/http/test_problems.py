"""Every error is a problem document with its request's id, and tells nothing of the inside."""

import logging
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from structlog.contextvars import get_contextvars

from edgemeter.wire.access import Role
from edgemeter.wire.problems import MEDIA_TYPE, Problem
from edgemeter_server.app import create_app
from edgemeter_server.services import Services
from edgemeter_server.testing import issue_token


def _problem(answer: httpx.Response) -> Problem:
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = Problem.model_validate(answer.json())
    assert problem.status == answer.status_code
    assert problem.id == answer.headers["x-request-id"]
    return problem


async def test_unknown_addresses_and_methods(client_of):
    viewer = await client_of("viewer")

    assert _problem(await viewer.get("/v1/nothing")).type == "/problems/not-found"
    wrong = await viewer.put("/v1/me")
    assert _problem(wrong).type == "/problems/method-not-allowed"
    assert wrong.headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("content", "content_type", "kind"),
    [
        (b"{", "application/json", "malformed"),
        (b"[" * 5000, "application/json", "malformed"),
        (b'{"slug": NaN}', "application/json", "malformed"),
        (b'{"slug": "\\u0000"}', "application/json", "malformed"),
        (b"slug=a", "application/x-www-form-urlencoded", "unsupported-media"),
        (b'--x\r\nContent-Disposition: form-data; name="slug"', "multipart/form-data", "unsupported-media"),
        (b"[]", "application/json", "invalid"),
        (b'{"slug": "A B"}', "application/json", "invalid"),
        (b'{"slug": "a", "slag": 1}', "application/json; charset=utf-8", "invalid"),
        (b"", "application/json", "invalid"),
        (b'"' + b"x" * (16 << 20) + b'"', "application/json", "too-large"),
    ],
)
async def test_messages_that_cannot_be_taken(client_of, content: bytes, content_type: str, kind: str):
    admin = await client_of("admin")
    answer = await admin.post("/v1/projects", content=content, headers={"content-type": content_type})

    assert _problem(answer).type == f"/problems/{kind}"


async def test_each_wrong_place_is_named(client_of):
    message = {"name": "x", "role": "king", "expires_s": -1, "colour": "red"}
    problem = _problem(await (await client_of("admin")).post("/v1/tokens", json=message))

    assert {error.pointer for error in problem.errors} == {"/role", "/expires_s", "/colour"}


@pytest.mark.parametrize("cursor", ["x", "LTE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "é", "a" * 41])
async def test_a_cursor_that_is_not_ours(client_of, cursor: str):
    answer = await (await client_of("admin")).get("/v1/tokens", params={"cursor": cursor})

    assert _problem(answer).type == "/problems/invalid"


async def test_nul_in_an_address(client_of):
    viewer = await client_of("viewer")

    for path in ("/v1/artifacts?project=%00", "/v1/devices/%00"):
        assert _problem(await viewer.get(path)).type == "/problems/malformed"


async def test_a_database_that_is_away(client_of, services: Services):
    viewer = await client_of("viewer")
    assert (await viewer.get("/v1/me")).status_code == 200
    await services.database.close()
    answer = await viewer.get("/v1/me")

    assert _problem(answer).type == "/problems/unavailable"
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_defect_is_logged_and_not_told(
    client_of, app: FastAPI, caplog: pytest.LogCaptureFixture, tmp_path: Path
):
    @app.get("/v1/defect")
    async def defect() -> None:
        raise RuntimeError(f"secret of {tmp_path}")

    caplog.set_level(logging.ERROR)
    answer = await (await client_of("viewer")).get("/v1/defect")

    assert _problem(answer).type == "/problems/internal"
    assert "secret" not in answer.text
    assert "secret" in caplog.text


async def test_request_ids(client_of):
    viewer = await client_of("viewer")

    async def answered(asked: str) -> str:
        return (await viewer.get("/v1/me", headers={"X-Request-ID": asked})).headers["x-request-id"]

    assert await answered("report-12.of_7") == "report-12.of_7"
    for unfit in ("", "short", "a" * 65, "with space", "semi;colon", "<script>alert</script>"):
        assert await answered(unfit) != unfit
    assert await answered("") != await answered("")


async def test_the_id_is_bound_to_the_log(client_of, app: FastAPI):
    bound = []

    @app.get("/v1/bound")
    async def look() -> None:
        bound.append(get_contextvars().get("request_id"))

    await (await client_of("viewer")).get("/v1/bound", headers={"X-Request-ID": "followed-1"})
    assert bound == ["followed-1"]
    assert "request_id" not in get_contextvars()


async def test_what_browsers_are_told(client_of):
    viewer = await client_of("viewer")
    plain, docs = await viewer.get("/v1/me"), await viewer.get("/docs")

    for answer in (plain, docs):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert plain.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert "connect-src 'self'" in docs.headers["content-security-policy"]


async def test_a_token_that_calls_too_often(services: Services, clock):
    settings = services.settings.model_copy(update={"requests_per_minute": 30})
    app = create_app(replace(services, settings=settings))
    headers = [
        {"authorization": f"Bearer {await issue_token(services, Role.VIEWER)}"} for _ in ("viewer", "other")
    ]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answers = [await client.get("/v1/me", headers=headers[0]) for _ in range(31)]
        assert {answer.status_code for answer in answers[:-1]} == {200}
        assert _problem(answers[-1]).type == "/problems/rate-limited"
        assert (await client.get("/v1/me", headers=headers[1])).status_code == 200
        clock.advance(int(answers[-1].headers["retry-after"]))
        assert (await client.get("/v1/me", headers=headers[0])).status_code == 200
