"""Who sees which measurement, by which filter, on which page."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from edgemeter.wire.access import Role
from edgemeter_server.measurements import testing

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]


async def _ids(client: httpx.AsyncClient, **filters: object) -> list[int]:
    response = await client.get("/v1/measurements", params=filters)
    assert response.status_code == 200, response.text
    return [row["id"] for row in response.json()["items"]]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUBMITTER])
async def test_a_measurement_is_seen_by_the_projects_of_its_network(
    lab, client_of: ClientOf, role: Role
) -> None:
    """Own and public ones in lists and alone; of others neither, in the words of what does not exist."""
    projects = {
        "own": await lab.project("own", private=True),
        "open": await lab.project("open"),
        "other": await lab.project("other", private=True),
    }
    ids = {slug: await lab.measured(await lab.artifact(id_)) for slug, id_ in projects.items()}
    both = await lab.artifact(projects["other"], "secret.onnx")
    await lab.artifact(projects["own"], "mine.onnx", both)
    ids["both"] = await lab.measured(both)
    client = await client_of(role, project="own")
    assert await _ids(client) == [ids["both"], ids["open"], ids["own"]]
    for slug, id_ in ids.items():
        response = await client.get(f"/v1/measurements/{id_}")
        assert response.status_code == (404 if slug == "other" else 200)
    absent = await client.get("/v1/measurements/999999999")
    hidden = await client.get(f"/v1/measurements/{ids['other']}")
    assert absent.json()["detail"].replace("999999999", str(ids["other"])) == hidden.json()["detail"]
    assert set(await _ids(await client_of(Role.ADMIN))) == set(ids.values())


async def test_a_name_that_another_project_gave_is_not_told(lab, client_of: ClientOf) -> None:
    other = await lab.project("other", private=True)
    sha256 = await lab.artifact(other, "secret.onnx")
    await lab.artifact(await lab.project("own", private=True), "mine.onnx", sha256)
    document = testing.measurement(lab.random, sha256, ())
    named = document.network.model_copy(update={"name": "secret.onnx"})
    (id_,) = await lab.stored([document.model_copy(update={"network": named})])
    client = await client_of(Role.VIEWER, project="own")
    for path in ("/v1/measurements", f"/v1/measurements/{id_}"):
        response = await client.get(path)
        assert "mine.onnx" in response.text
        assert "secret" not in response.text


async def test_agents_see_none(lab, client_of: ClientOf) -> None:
    id_ = await lab.measured(await lab.artifact(await lab.project("open")))
    agent = await client_of(Role.AGENT, device="board-4c")
    for path in ("/v1/measurements", f"/v1/measurements/{id_}"):
        assert (await agent.get(path)).status_code == 403


async def test_filters(lab, client_of: ClientOf) -> None:
    vision, speech = await lab.project("vision"), await lab.project("speech")
    first, second = await lab.artifact(vision), await lab.artifact(speech)
    a, b = await lab.measured(first), await lab.measured(second)
    superseded = await lab.measured(first, accepted=False)
    document = testing.measurement(lab.random, first, ())
    invalid = document.model_copy(update={"validity": document.validity.model_copy(update={"valid": False})})
    (c,) = await lab.stored([invalid])
    admin = await client_of(Role.ADMIN)
    for filters, expected in (
        ({"artifact": first}, [c, superseded, a]),
        ({"artifact": first, "valid": True, "accepted": True}, [a]),
        ({"accepted": False}, [superseded]),
        ({"valid": False}, [c]),
        ({"project": "speech"}, [b]),
        ({"target": testing.TARGET.slug, "device": "board-4c", "protocol": "survey"}, [c, superseded, b, a]),
        ({"target": "nobody"}, []),
        ({"device": "nobody"}, []),
        ({"protocol": "precise"}, []),
        ({"artifact": "0" * 64}, []),
    ):
        assert await _ids(admin, **filters) == expected, filters
    assert (await admin.get("/v1/measurements", params={"project": "nobody"})).status_code == 404


async def test_hidden_projects_cannot_be_asked_for(lab, client_of: ClientOf) -> None:
    other = await lab.project("other", private=True)
    sha256 = await lab.artifact(other)
    await lab.measured(sha256)
    await lab.project("own")
    client = await client_of(Role.VIEWER, project="own")
    assert (await client.get("/v1/measurements", params={"project": "other"})).status_code == 404
    assert await _ids(client, artifact=sha256) == []


async def test_pages_are_complete_while_rows_are_added(lab, client_of: ClientOf) -> None:
    """Each row that was there at the first page comes exactly once, whatever comes in between."""
    sha256 = await lab.artifact(await lab.project("vision"))
    ids = [await lab.measured(sha256) for _ in range(11)]
    admin = await client_of(Role.ADMIN)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    for limit in (1, 4, 2, 3, 5):
        page = (await admin.get("/v1/measurements", params={"limit": limit, **cursor})).json()
        seen += [row["id"] for row in page["items"]]
        await lab.measured(sha256)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ids[::-1]
    assert page["next_cursor"] is None


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 1001},
        {"cursor": "x"},
        {"artifact": "zz"},
        {"target": "A B"},
        {"valid": "perhaps"},
    ],
)
async def test_wrong_parameters_are_told(lab, client_of: ClientOf, params: dict[str, str]) -> None:
    admin = await client_of(Role.ADMIN)
    assert (await admin.get("/v1/measurements", params=params)).status_code == 422


@pytest.mark.parametrize("id_", ["0", "-1", str(2**63), "x"])
async def test_ids_that_cannot_be_are_told(lab, client_of: ClientOf, id_: str) -> None:
    admin = await client_of(Role.ADMIN)
    assert (await admin.get(f"/v1/measurements/{id_}")).status_code == 422
