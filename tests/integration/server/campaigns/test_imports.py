"""Others' tables: taken whole or refused by row, kept apart, never an answer, deleted with all rows."""

import csv
import io

from sqlalchemy import func, insert, select

from edgemeter_server.campaigns import import_checking, importing
from edgemeter_server.campaigns.tables import imported_values, imports

COLUMNS = ("arch", "device", "metric", "value", "unit")
ABOUT = {"space": "tiny", "license": "MIT", "source": "a paper"}
GOOD = (
    ("tiny@1:conv3,conv3", "phone", "latency", 2.5, "ms"),
    ("conv3,conv5", "phone", "latency", 2500.0, "us"),
    ("conv3 conv5", "board", "latency", 0.5, "s"),
    ("conv3,conv5", "board", "energy", 1.0, "J"),
)


def table(*rows, columns=COLUMNS):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue().encode()


async def sent(lab, content, **about):
    headers = {"content-type": "text/csv"}
    return await lab.submitter.post("/v1/imports", params=ABOUT | about, content=content, headers=headers)


async def handed_in(lab, *rows):
    return await sent(lab, table(*rows))


async def listed(lab, query=""):
    return (await lab.submitter.get(f"/v1/imports{query}")).json()["items"]


async def stored_rows(lab):
    counted = select(func.count()).select_from(imported_values)
    return await lab.services.database.read(lambda c: c.execute(counted).scalar_one())


async def test_a_table_comes_in_and_is_flagged(lab):
    answer = await handed_in(lab, *GOOD)
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
    await handed_in(lab, ("conv3,conv5", lab.TARGET, "latency", 1.0, "ms"))
    labels = (await lab.submitter.get(f"/v1/targets/{lab.TARGET}/architectures?space=tiny")).json()
    assert labels["rows"] == []
    assert (await lab.submitter.get("/v1/measurements")).json()["items"] == []


async def test_a_wrong_row_is_named_and_nothing_is_imported(lab):
    answer = await handed_in(lab, *GOOD, ("conv3,conv9", "phone", "latency", 1.0, "ms"))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["detail"].startswith("nothing was imported. row 5: ")
    assert "'conv9'" in problem["errors"][0]["detail"]
    assert problem["errors"][0]["pointer"] == "/arch/4"
    assert (await listed(lab), await stored_rows(lab)) == ([], 0)


async def test_rows_of_operators_are_left_out_and_counted_in_row_numbers(lab):
    operator = ("conv3|8x8x8->8|s1", "phone", "op_latency", 1.0, "ms")
    document = (await handed_in(lab, operator, *GOOD)).json()
    assert document["rows"] == len(GOOD)
    rows = (await lab.submitter.get(f"/v1/imports/{document['id']}/rows")).json()["items"]
    assert [row["row"] for row in rows] == [2, 3, 4, 5]


async def test_the_same_table_again_is_told(lab):
    first = (await handed_in(lab, *GOOD)).json()
    again = await handed_in(lab, *reversed(GOOD))
    assert (again.status_code, str(first["id"]) in again.json()["detail"]) == (409, True)
    assert [each["id"] for each in await listed(lab, "?space=tiny")] == [first["id"]]
    assert await listed(lab, "?space=other") == []
    assert await stored_rows(lab) == len(GOOD)


async def test_what_is_told_of_a_table_is_checked(lab):
    for about in ({"space": "nowhere"}, {"license": ""}, {"source": "x" * 2001}, {"project": "nobodys"}):
        assert (await sent(lab, table(*GOOD), **about)).status_code in (404, 422)
    answer = await lab.submitter.post("/v1/imports", params=ABOUT, json={})
    assert answer.status_code == 415
    assert (await listed(lab), await stored_rows(lab)) == ([], 0)


async def test_a_large_table_is_stored_and_deleted_in_small_units(lab, monkeypatch):
    monkeypatch.setattr(importing, "_AT_ONCE", 3)
    monkeypatch.setattr(import_checking, "MOST_IMPORTED", 10)
    rows = [("conv3,conv5", f"phone {at}", "latency", 1.0 + at, "ms") for at in range(11)]
    assert (await handed_in(lab, *rows)).status_code == 413
    document = (await handed_in(lab, *rows[:10])).json()
    assert (document["rows"], await stored_rows(lab)) == (10, 10)
    assert document["devices"] == [f"phone {at}" for at in range(10)]

    path = f"/v1/imports/{document['id']}"
    assert (await lab.submitter.delete(path)).status_code == 204
    assert (await listed(lab), await stored_rows(lab)) == ([], 0)
    assert (await lab.submitter.delete(path)).status_code == 404
    assert (await lab.submitter.get(f"{path}/rows")).status_code == 404
    admin = await lab.client_of("admin")
    [entry] = [row for row in (await admin.get("/v1/audit")).json()["items"] if "import" in row["action"]]
    assert (entry["action"], entry["detail"]) == ("import.deleted", {"import": document["id"]})
    assert (await handed_in(lab, *rows[:10])).status_code == 201


async def test_what_fails_on_the_way_leaves_nothing(lab, monkeypatch):
    class BrokenError(Exception):
        pass

    def ended(*_):
        raise BrokenError

    monkeypatch.setattr(importing, "_ended", ended)
    assert (await handed_in(lab, *GOOD)).status_code == 500
    assert await stored_rows(lab) == 0


async def test_what_a_server_that_ended_has_left_is_forgotten_after_a_while(lab, clock):
    first = (await handed_in(lab, *GOOD)).json()
    left = {"project_id": 1, "token_id": 1, "builds": "tiny/1", "license": "MIT", "source": "a paper"}

    def leave(connection):
        now_us = lab.services.clock.now_us(connection)
        half = {**left, "content_sha256": bytes(32), "rows": 0, "created_us": now_us}
        id_ = connection.execute(insert(imports).values(half).returning(imports.c.id)).scalar_one()
        row = {
            "import_id": id_,
            "row": 1,
            "text": "t",
            "device": "d",
            "metric": "m",
            "value": 1,
            "unit": "ms",
        }
        connection.execute(insert(imported_values).values(row))
        return id_

    id_ = await lab.services.database.write(leave)
    assert [each["id"] for each in await listed(lab)] == [first["id"]]
    assert (await lab.submitter.get(f"/v1/imports/{id_}/rows")).status_code == 404
    await importing.forget_abandoned(lab.services)
    assert await stored_rows(lab) == len(GOOD) + 1
    clock.advance(3601)
    await importing.forget_abandoned(lab.services)
    assert await stored_rows(lab) == len(GOOD)
