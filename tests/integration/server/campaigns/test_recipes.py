"""Jobs for networks that agents build: requested, leased, reported, reused."""

import hashlib

from edgemeter.wire.recipes import Recipe

from .conftest import builder, recipe

FILE = hashlib.sha256(b"the file").hexdigest()
OTHER = hashlib.sha256(b"another file").hexdigest()
OPERATOR = recipe("conv5|8x8x8->8|s1", "operator")


def wanted(lab, asked=None, **more):
    return {"recipe": asked or recipe(), "target": lab.TARGET, **more}


def measured(lab, lease, sha256=FILE, **changes):
    network = lab.measurement_of(lease)["network"] | {"sha256": sha256, "size_bytes": 1234}
    return lab.measured(lease, network=network, **changes)


async def test_a_recipe_is_leased_measured_and_its_file_remembered(lab):
    agent = await builder(lab)
    [request] = await lab.requested(wanted(lab))
    identity = Recipe.model_validate(recipe()).sha256()
    assert request["artifact"] == identity
    assert request["name"] == "tiny@1:conv3,conv5"

    [lease] = await agent.claim(up_to=4)
    assert lease["recipe"] == {"recipe": recipe(batch=1), "file_sha256": None}
    [receipt] = await agent.report((lease, measured(lab, lease)))
    assert receipt["state"] == "accepted"

    record = await lab.submitter.get(f"/v1/measurements/{receipt['measurement_id']}")
    assert record.json()["artifact"] == identity
    assert record.json()["measurement"]["network"]["sha256"] == FILE
    [again] = await lab.requested(wanted(lab))
    assert (again["state"], again["estimate"]["how"]) == ("done", "stored")
    await lab.requested(wanted(lab, fresh=True))
    [lease] = await agent.claim()
    assert lease["recipe"]["file_sha256"] == FILE


async def test_other_bytes_of_a_recipe_are_kept_as_invalid(lab):
    agent = await builder(lab)
    await lab.requested(wanted(lab), wanted(lab, spec={"protocol": "survey"}))
    leases = await agent.claim(up_to=1) + await agent.claim(up_to=1)
    await agent.report((leases[0], measured(lab, leases[0])))
    [receipt] = await agent.report((leases[1], measured(lab, leases[1], OTHER)))

    record = (await lab.submitter.get(f"/v1/measurements/{receipt['measurement_id']}")).json()
    assert record["valid"] is False
    [reason] = record["measurement"]["validity"]["reasons"]
    assert reason["name"] == "other_bytes"
    assert reason["detail"] == f"{OTHER} instead of {FILE}"
    [again] = await lab.requested(wanted(lab, spec=leases[1]["spec"]))
    assert again["state"] == "waiting"


async def test_two_files_of_one_recipe_in_one_report(lab):
    agent = await builder(lab)
    await lab.requested(wanted(lab), wanted(lab, spec={"seed": 1}))
    one, two = await agent.claim(up_to=2)
    receipts = await agent.report((one, measured(lab, one, FILE)), (two, measured(lab, two, OTHER)))
    rows = [
        (await lab.submitter.get(f"/v1/measurements/{receipt['measurement_id']}")).json()["valid"]
        for receipt in receipts
    ]
    assert sorted(rows) == [False, True]


async def test_an_admin_resets_a_wrong_first_build(lab):
    agent = await builder(lab)
    [request] = await lab.requested(wanted(lab))
    admin = await lab.client_of("admin")
    path = f"/v1/recipes/{request['artifact']}/reset"
    assert (await admin.post(path)).status_code == 409
    [lease] = await agent.claim()
    await agent.report((lease, measured(lab, lease)))
    await lab.requested(wanted(lab, spec={"seed": 1}))
    [other] = await agent.claim()
    await agent.report((other, measured(lab, other, OTHER)))

    assert (await lab.submitter.post(path)).status_code == 403
    assert (await admin.post(f"/v1/recipes/{FILE}/reset")).status_code == 404
    answer = await admin.post(path)
    assert answer.json() == {"recipe": request["artifact"], "file_sha256": FILE, "measurements": 2}
    assert (await lab.submitter.get("/v1/measurements")).json()["items"] == []
    told = (await lab.request(request["id"]))["failure"]["message"]
    assert told == "its measurement was deleted by an admin"
    entry = (await admin.get("/v1/audit")).json()["items"][0]
    assert (entry["action"], entry["detail"]) == ("recipe.reset", answer.json())

    [again] = await lab.requested(wanted(lab))
    assert again["state"] == "waiting"
    [lease] = await agent.claim()
    assert lease["recipe"]["file_sha256"] is None
    [receipt] = await agent.report((lease, measured(lab, lease, OTHER)))
    record = (await lab.submitter.get(f"/v1/measurements/{receipt['measurement_id']}")).json()
    assert (record["valid"], record["measurement"]["network"]["sha256"]) == (True, OTHER)


async def test_only_who_can_build_it_gets_it(lab):
    plain = await lab.agent("plain")
    other = await builder(lab, "tiny/2", "large/1", device="other")
    [artifact] = await lab.networks(1)
    [built] = await lab.requested(wanted(lab, priority=5))
    [file] = await lab.requested(lab.item(artifact))

    assert [lease["job_id"] for lease in await plain.claim(up_to=8)] == [file["job_id"]]
    assert await other.claim(up_to=8) == []
    able = await builder(lab, device="able")
    assert [lease["job_id"] for lease in await able.claim(up_to=8)] == [built["job_id"]]


async def test_an_operator_fails_for_good_where_the_runtime_lacks_it(lab):
    agent = await builder(lab)
    [request] = await lab.requested(wanted(lab, OPERATOR))
    [lease] = await agent.claim()
    assert lease["recipe"]["recipe"]["kind"] == "operator"
    await agent.report((lease, lab.failed("unsupported_op")))
    assert (await lab.request(request["id"]))["failure"]["kind"] == "unsupported_op"


async def test_what_cannot_be_built_is_refused_by_place(lab):
    await lab.target()
    cases = {
        "installed": recipe(space="nowhere"),
        "version": recipe(version=2),
        "choices": recipe("tiny@1:conv3"),
        "choice": recipe("tiny@1:conv3,conv9"),
        "written": recipe("conv3,conv5"),
        "operator": recipe("conv9|8x8x8->8|s1", "operator"),
    }
    answer = await lab.submit(wanted(lab), *(wanted(lab, case) for case in cases.values()))
    assert answer.status_code == 422
    places = {error["pointer"]: error["detail"] for error in answer.json()["errors"]}
    assert list(places) == [f"/items/{number}/recipe" for number in range(1, len(cases) + 1)]
    for word, detail in zip(cases, places.values(), strict=True):
        assert word in detail

    neither = await lab.submit({"target": lab.TARGET})
    assert (neither.status_code, "artifact" in neither.json()["detail"]) == (422, True)
    wrong_format = await lab.submit(wanted(lab, recipe(format="tflite")))
    assert wrong_format.status_code == 422


async def test_a_recipe_is_no_file(lab):
    await lab.target()
    [request] = await lab.requested(wanted(lab))
    listed = await lab.submitter.get("/v1/artifacts")
    assert listed.json()["items"] == []
    for path in (f"/v1/artifacts/{request['artifact']}", f"/v1/artifacts/{request['artifact']}/content"):
        assert (await lab.submitter.get(path)).status_code == 404
