"""Requests and replies that are cut off: whoever sends the same again is answered, and it was done once."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import pytest

from .calls import CALLS
from .proxy import Cut, Proxy, proxied
from .world import DEVICE, TARGET, World, good


@pytest.fixture(scope="module")
def proxy(world: World) -> Iterator[Proxy]:
    """Between the server and all who call it."""
    port = world.admin.base_url.port
    assert port is not None
    with proxied(port) as proxy:
        for client in (world.admin, world.agent):
            client.base_url = httpx.URL(proxy.url)
            client.headers["connection"] = "close"
        yield proxy


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_was_cut_off_is_sent_again(name: str, world: World, proxy: Proxy) -> None:
    draw = Random(name)
    call = CALLS[name](world)
    cuts = (
        Cut("request", draw.randrange(1, 200)),
        Cut("reply", 0),
        Cut("reply", draw.randrange(1, 150)),
        Cut("reply", draw.randrange(1, 150)),
    )
    for cut in cuts:
        proxy.cuts.append(cut)
        with pytest.raises(httpx.TransportError):
            call.send()
    call.check(good(call.send()), good(call.send()))
    world.check_nothing_is_lost()


def lost(world: World, proxy: Proxy, path: str, message: Any, **headers: str) -> httpx.Response:
    """The answer to the same again, after the first was carried out and its answer lost."""
    body = {"content": message} if isinstance(message, bytes) else {"json": message}
    proxy.cuts.append(Cut("reply", 0))
    with pytest.raises(httpx.TransportError):
        world.admin.post(path, headers=headers, **body)
    return world.admin.post(path, headers=headers, **body)


def test_a_session_is_closed_once(world: World, proxy: Proxy) -> None:
    message = {"session_id": world.session_id}
    assert (
        lost(
            world,
            proxy,
            "/v1/agent/sessions/close",
            message,
            authorization=world.agent.headers["authorization"],
        ).status_code
        == 204
    )
    assert good(world.admin.get(f"/v1/devices/{DEVICE}"))["agent"] is None
    world.session_id = good(world.open_session(str(uuid4())))["session_id"]


def test_an_approval_is_the_same_again(world: World, proxy: Proxy) -> None:
    answer = good(lost(world, proxy, f"/v1/devices/{DEVICE}/approve", {}))
    assert [target["approved"] for target in answer["targets"]] == [True]


def test_a_project_is_made_once(world: World, proxy: Proxy) -> None:
    """The second time it is there."""
    assert lost(world, proxy, "/v1/projects", {"slug": "new"}).status_code == 409
    assert [row["slug"] for row in world.pages("/v1/projects")].count("new") == 1


def test_a_lost_token_is_nobodys(world: World, proxy: Proxy) -> None:
    """Its text went with the answer, so the next is another: both are listed, one is revoked."""
    wanted = {"name": "lost", "role": "viewer", "project": "default"}
    told = good(lost(world, proxy, "/v1/tokens", wanted))
    ids = [row["id"] for row in world.pages("/v1/tokens") if row["name"] == "lost"]
    assert told["id"] in ids
    [other] = set(ids) - {told["id"]}
    assert world.admin.delete(f"/v1/tokens/{other}").status_code == 204


def test_a_lost_enrolment_needs_a_new_one(world: World, proxy: Proxy) -> None:
    """A one-time token is used up; the next one's agent takes the place of the one nobody has."""
    wanted = {"name": "again", "role": "enrolment", "device": "again"}
    for _ in range(2):
        once = {"authorization": f"Bearer {good(world.admin.post('/v1/tokens', json=wanted))['token']}"}
        assert lost(world, proxy, "/v1/agent/enrol", {"device": "again"}, **once).status_code == 401
    agents = [row for row in world.pages("/v1/tokens") if row["device"] == "again" and row["role"] == "agent"]
    assert [row["revoked_at"] is None for row in agents] == [True, False], "newest first"


def test_a_campaign_whose_answer_was_lost_is_found_in_the_list(world: World, proxy: Proxy) -> None:
    """The same again makes another: who asks looks first, as `edgemeter profile` does."""
    plan = {"space": "nasbench201", "targets": ["nobodys"], "architectures": 1, "test": 0, "contexts": 0}
    told = good(lost(world, proxy, "/v1/campaigns", plan))
    ids = [row["id"] for row in world.pages("/v1/campaigns")]
    assert len(ids) == 2
    assert told["id"] in ids
    for id_ in ids:
        for word, state in (("cancel", "cancelled"), ("resume", "active"), ("cancel", "cancelled")):
            assert good(lost(world, proxy, f"/v1/campaigns/{id_}/{word}", {}))["state"] == state


def test_a_table_is_imported_once(world: World, proxy: Proxy) -> None:
    cell = "|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|"
    table = f"arch,device,metric,value,unit\n{cell},phone,latency,1.0,ms\n".encode()
    path = "/v1/imports?space=nasbench201&license=MIT&source=a%20test"
    answer = lost(world, proxy, path, table, **{"content-type": "text/csv"})
    assert answer.status_code == 409, answer.text
    assert len(world.pages("/v1/imports")) == 1


def test_what_was_forgotten_of_a_recipe_is_not_forgotten_twice(world: World, proxy: Proxy) -> None:
    """There is no such recipe here; the first time or the second, nothing else is touched."""
    assert lost(world, proxy, f"/v1/recipes/{'0' * 64}/reset", {}).status_code == 404


def test_a_fit_whose_answer_was_lost_is_under_way_or_over(world: World, proxy: Proxy) -> None:
    """There is nothing to fit on, so it fails; until then the second is told of the first."""
    message = {"space": "nasbench201", "target": TARGET.slug}
    assert lost(world, proxy, "/v1/predictors", message).status_code in (202, 409)
    assert world.pages("/v1/predictors") == []


#: What asks, what sets a state that is the same again, and a file whose next version answers alike: tested
#: with the predictors.
HARMLESS = {
    "/v1/estimates",
    "/v1/estimates/bulk",
    "/v1/metrics",
    "/v1/pareto",
    "/v1/predictors/kernels",
    "/v1/predictors/{predictor_id}/activate",
}


def test_every_route_that_makes_something_is_here() -> None:
    paths = json.loads((Path(__file__).resolve().parents[3] / "docs" / "openapi.json").read_text())["paths"]
    assert {path for path, methods in paths.items() if "post" in methods} - HARMLESS == {
        "/v1/campaigns",
        "/v1/campaigns/{campaign_id}/cancel",
        "/v1/campaigns/{campaign_id}/resume",
        "/v1/imports",
        "/v1/predictors",
        "/v1/recipes/{sha256}/reset",
        "/v1/requests",
        "/v1/requests/{request_id}/cancel",
        "/v1/agent/claims",
        "/v1/agent/renewals",
        "/v1/agent/reports",
        "/v1/agent/sessions",
        "/v1/agent/sessions/close",
        "/v1/agent/enrol",
        "/v1/devices/{slug}/approve",
        "/v1/projects",
        "/v1/tokens",
    }
