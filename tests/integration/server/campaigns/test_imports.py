"""Others' tables: taken whole or refused by row, kept apart, and never an answer."""

import pytest

COLUMNS = ("arch", "device", "metric", "value", "unit")


def table(*rows, **changes):
    columns = {name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)}
    return {"space": "tiny", "license": "MIT", "source": "a paper", **columns} | changes


GOOD = (
    ("tiny@1:conv3,conv3", "phone", "latency", 2.5, "ms"),
    ("conv3,conv5", "phone", "latency", 2500.0, "us"),
    ("conv3 conv5", "board", "latency", 0.5, "s"),
    ("conv3,conv5", "board", "energy", 1.0, "J"),
)


async def handed_in(lab, message):
    return await lab.submitter.post("/v1/imports", json=message)


async def test_a_table_comes_in_and_is_flagged(lab):
    answer = await handed_in(lab, table(*GOOD))
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert (document["rows"], document["devices"], document["imported"]) == (4, ["board", "phone"], True)
    assert (document["license"], document["source"]) == ("MIT", "a paper")

    rows, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await lab.submitter.get(f"/v1/imports/{document['id']}/rows", params=query)).json()
        rows += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [(row["row"], row["text"], row["value"], row["unit"]) for row in rows] == [
        (1, "tiny@1:conv3,conv3", 2.5, "ms"),
        (2, "tiny@1:conv3,conv5", 2.5, "ms"),
        (3, "tiny@1:conv3,conv5", 500.0, "ms"),
        (4, "tiny@1:conv3,conv5", 1000.0, "mJ"),
    ]
    assert all(row["imported"] for row in rows)


async def test_it_answers_nothing_and_is_in_no_table(lab):
    await lab.target()
    await handed_in(lab, table(("conv3,conv5", lab.TARGET, "latency", 1.0, "ms")))
    labels = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/architectures?space=tiny")).json()
    assert labels["rows"] == []
    assert (await lab.submitter.get("/v1/measurements")).json()["items"] == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("conv3,conv5", "phone", "latency", 1.0, "furlongs"), "unit 'furlongs'"),
        (("conv3,conv5", "phone", "latency", -1.0, "ms"), "-1.0 is no latency"),
        (("conv3,conv5", "phone", "latency", 0.0, "ms"), "0.0 is no latency"),
        (("conv3,conv9", "phone", "latency", 1.0, "ms"), "'conv9'"),
        (("conv3,conv3", "phone", "latency", 1.0, "ms"), "as in row 1"),
        (("nonsense", "phone", "latency", 1.0, "ms"), "2 choices"),
    ],
)
async def test_a_wrong_row_is_named_and_nothing_is_imported(lab, row, words):
    answer = await handed_in(lab, table(*GOOD, row))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["detail"].startswith("nothing was imported. row 5: ")
    assert words in problem["errors"][0]["detail"]
    assert problem["errors"][0]["pointer"].endswith("/4")
    assert (await lab.submitter.get("/v1/imports")).json()["items"] == []


async def test_the_same_table_again_is_told(lab):
    first = (await handed_in(lab, table(*GOOD))).json()
    again = await handed_in(lab, table(*reversed(GOOD)))
    assert (again.status_code, str(first["id"]) in again.json()["detail"]) == (409, True)
    listed = (await lab.submitter.get("/v1/imports?space=tiny")).json()["items"]
    assert [each["id"] for each in listed] == [first["id"]]
    assert (await lab.submitter.get("/v1/imports?space=other")).json()["items"] == []


@pytest.mark.parametrize("changes", [{"value": [1.0]}, {"space": "nowhere"}, {"license": ""}, {"arch": []}])
async def test_what_is_no_table_is_refused(lab, changes):
    assert (await handed_in(lab, table(*GOOD, **changes))).status_code == 422
