"""Every operation of the OpenAPI document by every kind of caller. A route without a row fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from edgemeter.wire.access import Role
from edgemeter_server.access.gate import PUBLIC_PATHS
from edgemeter_server.http.openapi import operations

ADMIN = frozenset({Role.ADMIN})
SUBMITTERS = ADMIN | {Role.SUBMITTER}
VIEWERS = SUBMITTERS | {Role.VIEWER}
AGENTS = frozenset({Role.AGENT})
ENROLMENT = frozenset({Role.ENROLMENT})
EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Row:
    """`owned`: its path names something of a project, which is not there for tokens of another."""

    roles: frozenset[Role] | None  #: None: public
    owned: bool = False


TABLE = {
    "get_health": Row(None),
    "get_readiness": Row(None),
    "get_metrics": Row(VIEWERS),
    "get_me": Row(EVERYBODY),
    "list_projects": Row(VIEWERS),
    "create_project": Row(ADMIN),
    "list_tokens": Row(ADMIN),
    "create_token": Row(ADMIN),
    "revoke_token": Row(ADMIN),
    "list_audit": Row(ADMIN),
    "enrol_agent": Row(ENROLMENT),
    "get_newest_session": Row(AGENTS),
    "open_session": Row(AGENTS),
    "close_session": Row(AGENTS),
    "claim_jobs": Row(AGENTS),
    "renew_leases": Row(AGENTS),
    "report_attempts": Row(AGENTS),
    "list_devices": Row(VIEWERS),
    "get_device": Row(VIEWERS),
    "change_device": Row(ADMIN),
    "approve_targets": Row(ADMIN),
    "list_targets": Row(VIEWERS),
    "get_target": Row(VIEWERS),
    "list_artifacts": Row(VIEWERS),
    "upload": Row(SUBMITTERS),
    "get_artifact": Row(VIEWERS, owned=True),
    "get_content": Row(VIEWERS | AGENTS, owned=True),
    "get_content_head": Row(VIEWERS | AGENTS, owned=True),
    "delete_artifact": Row(SUBMITTERS, owned=True),
    "create_requests": Row(SUBMITTERS),
    "list_requests": Row(VIEWERS),
    "get_request": Row(VIEWERS, owned=True),
    "cancel_request": Row(SUBMITTERS, owned=True),
    "list_jobs": Row(VIEWERS),
    "get_job": Row(VIEWERS, owned=True),
    "list_measurements": Row(VIEWERS),
    "get_measurement": Row(VIEWERS, owned=True),
    "remove_measurement": Row(ADMIN, owned=True),
    "create_campaign": Row(SUBMITTERS),
    "list_campaigns": Row(VIEWERS),
    "get_campaign": Row(VIEWERS, owned=True),
    "cancel_campaign": Row(SUBMITTERS, owned=True),
    "resume_campaign": Row(SUBMITTERS, owned=True),
    "list_results": Row(VIEWERS, owned=True),
    "get_operators": Row(VIEWERS),
    "get_architectures": Row(VIEWERS),
    "get_capabilities": Row(VIEWERS),
    "fit_predictor": Row(SUBMITTERS),
    "publish_kernels": Row(SUBMITTERS),
    "get_fit": Row(VIEWERS, owned=True),
    "list_predictors": Row(VIEWERS),
    "get_predictor": Row(VIEWERS, owned=True),
    "get_predictor_content": Row(VIEWERS, owned=True),
    "compare_predictors": Row(VIEWERS, owned=True),
    "activate_predictor": Row(SUBMITTERS, owned=True),
    "estimate": Row(VIEWERS),
    "estimate_bulk": Row(VIEWERS),
    "compare_networks": Row(VIEWERS),
    "find_front": Row(VIEWERS),
    "create_import": Row(SUBMITTERS),
    "list_imports": Row(VIEWERS),
    "list_imported_rows": Row(VIEWERS, owned=True),
    "delete_import": Row(SUBMITTERS, owned=True),
    "reset_recipe": Row(ADMIN),
}
STRANGERS = ("none", "garbage", "unknown", "expired", "revoked")
LISTS = tuple(
    f"/v1/{name}"
    for name in ("artifacts", "requests", "jobs", "measurements", "campaigns", "imports", "predictors")
)
ROLE_OF = {
    "admin": Role.ADMIN,
    "viewer": Role.VIEWER,
    "submitter": Role.SUBMITTER,
    "other viewer": Role.VIEWER,
    "other submitter": Role.SUBMITTER,
    "agent": Role.AGENT,
    "other agent": Role.AGENT,
    "enrolment": Role.ENROLMENT,
}
HOSTS = (
    "",
    "healthz",
    "testserver/healthz",
    "/healthz?",
    "testserver#",
    "[::1",
    "a@b:99999",
    'x"<script>',
    "a b",
)


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str

    async def by(self, client: httpx.AsyncClient, names: dict[str, str], **more: Any) -> httpx.Response:
        body = {"json": {}} if self.method in ("post", "patch") else {}
        return await client.request(self.method, self.path.format(**names), **(body | more))


def _all(app: FastAPI) -> Iterator[Operation]:
    for path, method, operation in operations(app.openapi()):
        yield Operation(operation["operationId"], method, path)


def _words(answer: httpx.Response) -> dict[str, Any]:
    """What a problem says, but for the names that the caller itself sent."""
    document: dict[str, Any] = answer.json()
    return {key: document[key] for key in ("type", "title", "status", "errors")}


def test_every_operation_has_a_row_and_every_row_an_operation(app: FastAPI):
    assert {operation.id for operation in _all(app)} == set(TABLE)


def test_what_is_public_is_known_by_its_path(app: FastAPI):
    public = {operation.path for operation in _all(app) if TABLE[operation.id].roles is None}

    assert public == PUBLIC_PATHS - {"/docs", "/openapi.json"}


async def test_who_is_nobody_gets_nowhere(app: FastAPI, world):
    for operation in _all(app):
        for caller in STRANGERS:
            answer = await operation.by(world.clients[caller], world.known)
            expected = TABLE[operation.id].roles is not None
            assert (answer.status_code == 401) == expected, (operation, caller, answer.text)


async def test_the_wrong_role_is_refused_and_the_right_one_is_not(app: FastAPI, world):
    for operation in _all(app):
        roles = TABLE[operation.id].roles or EVERYBODY
        for caller, role in ROLE_OF.items():
            answer = await operation.by(world.clients[caller], world.unknown)
            allowed = answer.status_code not in (401, 403)
            assert allowed == (role in roles), (operation, caller, answer.text)
            assert answer.status_code < 500, (operation, caller, answer.text)


async def test_what_is_anothers_looks_as_if_it_were_not_there(app: FastAPI, world):
    for operation in _all(app):
        row = TABLE[operation.id]
        if not row.owned:
            continue
        for caller in ("other viewer", "other submitter", "other agent"):
            if ROLE_OF[caller] not in (row.roles or ()):
                continue
            foreign = await operation.by(world.clients[caller], world.known)
            absent = await operation.by(world.clients[caller], world.unknown)
            assert foreign.status_code == absent.status_code == 404, (operation, caller, foreign.text)
            if operation.method != "head":
                assert _words(foreign) == _words(absent)
    await _is_all_there(app, world)


async def _is_all_there(app: FastAPI, world) -> None:
    """For those whose it is, whatever strangers tried."""
    for operation in _all(app):
        if TABLE[operation.id].owned and operation.method in ("get", "head"):
            for caller in ("admin", "viewer", "submitter"):
                answer = await operation.by(world.clients[caller], world.known)
                assert answer.status_code == 200, (operation, caller, answer.text)


async def test_lists_show_nothing_of_anothers(app: FastAPI, world):
    for path in LISTS:
        for caller, shown in (("other viewer", 0), ("other submitter", 0), ("viewer", 1), ("admin", 1)):
            answer = await world.clients[caller].get(path)
            assert len(answer.json()["items"]) == shown, (path, caller)
            if not shown:
                named = await world.clients[caller].get(path, params={"project": "owner"})
                assert named.status_code in (200, 404)
                assert not named.json().get("items")


async def test_an_agents_session_is_its_own(world):
    claim = {"session_id": world.session_id, "claim_id": "11111111-1111-4111-8111-111111111111", "wait_s": 0}
    other, own = world.clients["other agent"], world.clients["agent"]

    assert (await other.post("/v1/agent/claims", json=claim)).status_code == 409
    await other.post("/v1/agent/sessions/close", json={"session_id": world.session_id})
    assert (await own.post("/v1/agent/claims", json=claim)).status_code == 200


async def test_no_host_header_opens_a_door(app: FastAPI, world):
    for host in HOSTS:
        headers = {"Host": host}
        for operation in _all(app):
            if TABLE[operation.id].roles is not None:
                answer = await operation.by(world.clients["none"], world.known, headers=headers)
                assert answer.status_code == 401, (operation, host)
        assert (await world.clients["viewer"].get("/v1/me", headers=headers)).status_code == 200
        assert (await world.clients["none"].get("/healthz/", headers=headers)).status_code == 401
