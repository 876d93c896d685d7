"""From measurements to estimates over HTTP: fits, versions, and what they answer."""

import asyncio
from dataclasses import replace

import httpx
import numpy as np
import pyarrow as pa
import pytest

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.text import to_text
from edgemeter.wire.estimates import ARROW, BULK_COLUMNS
from edgemeter_predictors.saving.predictors import load
from edgemeter_server.app import create_app
from edgemeter_server.predictors import bulk, bulk_answers, queueing, working
from edgemeter_server.predictors.material import FitError

ALL = ["tiny@1:conv3,conv3", "tiny@1:conv3,conv5", "tiny@1:conv5,conv3", "tiny@1:conv5,conv5"]


async def asked(lab, **changes):
    return await lab.submitter.post(
        "/v1/predictors", json={"space": "tiny", "target": lab.TARGET, "model": "lut"} | changes
    )


async def fitted(lab, **changes):
    answer = await asked(lab, **changes)
    assert answer.status_code == 202, answer.text
    await working.work_off(lab.services)
    fit = (await lab.submitter.get(f"/v1/fits/{answer.json()['id']}", params={"wait": 5})).json()
    assert fit["state"] == "done", fit
    return (await lab.submitter.get(f"/v1/predictors/{fit['predictor_id']}")).json()


async def estimated(lab, **changes):
    message = {"space": "tiny", "architectures": ALL, "targets": [lab.TARGET]} | changes
    answer = await lab.submitter.post("/v1/estimates", json=message)
    assert answer.status_code == 200, answer.text
    return answer.json()["estimates"]


async def in_bulk(lab, body, media_type="application/octet-stream"):
    query = {"space": "tiny", "target": lab.TARGET}
    headers = {"Content-Type": media_type}
    return await lab.submitter.post("/v1/estimates/bulk", params=query, content=body, headers=headers)


async def test_a_predictor_says_what_it_was_fitted_on_and_how_far_it_errs(measured):
    predictor = await fitted(measured)
    assert predictor["model"] == "lut"
    assert (predictor["operators"], predictor["networks"], predictor["number"]) == (6, 3, 1)
    assert predictor["active"]
    assert predictor["tested"]["networks"] == 1
    assert predictor["tested"]["mape_percent"] > 0
    assert predictor["tested"]["coverage_90_percent"] in (0, 100)
    assert predictor["tested"]["score_90_percent"] >= predictor["tested"]["width_90_percent"] > 0
    assert predictor["explanation"]


async def test_the_file_that_is_downloaded_answers_as_the_server_does(measured):
    predictor = await fitted(measured)
    answer = await measured.submitter.get(f"/v1/predictors/{predictor['id']}/content")
    space = find_space("tiny")
    local = load(answer.content, space)
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.uint8)
    found = await estimated(measured, measured=False)
    assert [each["architecture"] for each in found] == [to_text(space, row) for row in codes]
    assert [each["latency_ms"] for each in found] == pytest.approx(local.predict(codes).mean_ms)
    assert {each["predictor_id"] for each in found} == {predictor["id"]}
    answer = await in_bulk(measured, codes.tobytes())
    table = np.frombuffer(answer.content, "<f4").reshape(-1, 3)
    assert table[:, 0] == pytest.approx([each["latency_ms"] for each in found], rel=1e-6)
    assert table[:, 2] == pytest.approx([each["interval"]["high_ms"] for each in found], rel=1e-6)


async def test_many_architectures_are_answered_in_flat_pieces(measured, monkeypatch):
    """Codes in many pieces, an answer that waits in a file; a wrong code anywhere is told by its row."""
    monkeypatch.setattr(bulk, "_PIECE_BYTES", 1001)
    monkeypatch.setattr(bulk_answers, "_IN_MEMORY_BYTES", 10_000)
    monkeypatch.setattr(bulk_answers, "_SENT_BYTES", 999)
    await fitted(measured)
    codes = np.random.default_rng(0).integers(0, 2, (5_000, 2), dtype=np.uint8)
    expected = {
        tuple(row): each["latency_ms"]
        for row, each in zip(np.ndindex(2, 2), await estimated(measured, measured=False), strict=True)
    }

    async def pieces(wrong=None):
        body = codes.copy()
        if wrong is not None:
            body[wrong, 1] = 9
        for start in range(0, 10_000, 777):
            yield body.tobytes()[start : start + 777]

    answer = await in_bulk(measured, pieces())
    table = np.frombuffer(answer.content, "<f4").reshape(-1, 3)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert table[:, 0] == pytest.approx([expected[tuple(row)] for row in codes], rel=1e-6)
    answer = await in_bulk(measured, pieces(wrong=4_321))
    assert answer.status_code == 422
    assert "row 4321, column 1" in answer.json()["detail"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_bulk_body_has_a_most(measured, announced):
    """Refused by its announced length, or while it comes, after codes that were right."""
    await fitted(measured)
    settings = measured.services.settings.model_copy(update={"max_bulk_bytes": 10})
    app = create_app(replace(measured.services, settings=settings))
    headers = {"Authorization": measured.submitter.headers["Authorization"]}

    async def pieces():
        for _ in range(6):
            yield b"\x00\x01"

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test", headers=headers
    ) as client:
        lab = replace(measured, submitter=client)
        assert (await in_bulk(lab, bytes(10))).status_code == 200
        answer = await in_bulk(lab, bytes(12) if announced else pieces())
    assert answer.status_code == 413
    assert "10 bytes" in answer.json()["detail"]


async def test_arrow_in_arrow_out(measured):
    await fitted(measured)
    codes = np.array([[0, 0], [1, 1]], np.uint8)
    table = pa.table({"layer1": codes[:, 0].copy(), "layer2": codes[:, 1].copy()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    answer = await in_bulk(measured, sink.getvalue().to_pybytes(), ARROW)
    assert answer.headers["content-type"] == ARROW
    found = pa.ipc.open_stream(answer.content).read_all()
    octets = np.frombuffer((await in_bulk(measured, codes.tobytes())).content, "<f4").reshape(-1, 3)
    for name, column in zip(BULK_COLUMNS, octets.T, strict=True):
        assert found[name].to_pylist() == column.tolist()
    assert (await in_bulk(measured, b"no stream", ARROW)).status_code == 400


async def test_what_was_measured_is_answered_by_its_measurement(measured):
    await fitted(measured)
    found = await estimated(measured)
    sources = [each["source"] for each in found]
    assert sources.count("measured") == 4
    assert all(each["measurement_id"] and not each.get("predictor_id") for each in found)
    wider = await estimated(measured, level=0.95)
    assert {each["source"] for each in wider} == {"predicted"}  # measurements have 90 % intervals only


async def test_parts_sum_to_the_whole(measured):
    await fitted(measured)
    for each in await estimated(measured, measured=False, parts=True):
        assert [part["layer"] for part in each["parts"]] == ["stem", "layer1", "layer2", "tail"]
        total = sum(part["latency_ms"] for part in each["parts"]) + each["rest_ms"]
        assert total == pytest.approx(each["latency_ms"])


async def test_versions_count_up_and_an_older_one_can_be_activated(measured):
    first, second = await fitted(measured), await fitted(measured)
    kept = await fitted(measured, activate=False)
    assert [each["number"] for each in (first, second, kept)] == [1, 2, 3]
    assert first["snapshot_sha256"] == second["snapshot_sha256"]
    listed = (await measured.submitter.get("/v1/predictors", params={"space": "tiny"})).json()["items"]
    assert [(each["number"], each["active"]) for each in listed] == [(3, False), (2, True), (1, False)]
    assert {each["predictor_id"] for each in await estimated(measured, measured=False)} == {second["id"]}
    back = await measured.submitter.post(f"/v1/predictors/{first['id']}/activate")
    assert back.json()["active"]
    assert {each["predictor_id"] for each in await estimated(measured, measured=False)} == {first["id"]}
    active = (await measured.submitter.get("/v1/predictors", params={"active": True})).json()["items"]
    assert [each["number"] for each in active] == [1]


async def test_of_two_fits_at_once_one_is_told(measured):
    answers = await asyncio.gather(*(asked(measured) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert "already" in next(answer for answer in answers if answer.status_code == 409).json()["detail"]


@pytest.mark.parametrize(
    ("model", "words"), [("nonsense", "no model is called 'nonsense'"), ("lut", "measured operators")]
)
async def test_a_fit_without_data_says_what_it_would_need(lab, model, words):
    await lab.agent()
    answer = await asked(lab, model=model)
    await working.work_off(lab.services)
    fit = (await lab.submitter.get(f"/v1/fits/{answer.json()['id']}")).json()
    assert fit["state"] == "failed"
    assert words in fit["failure"]
    assert (await asked(lab)).status_code == 202  # what ended is no obstacle


async def test_a_worker_killed_mid_fit_leaves_nothing_and_another_takes_over(measured, clock, monkeypatch):
    fit = (await asked(measured)).json()

    class Killed(BaseException):
        """The process ends here: nothing after it runs."""

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(working, "train_in_child", killed)
        with pytest.raises(Killed):
            await working.work_off(measured.services)
    assert (await measured.submitter.get("/v1/predictors")).json()["items"] == []
    await working.work_off(measured.services)  # its lease still holds
    assert (await measured.submitter.get(f"/v1/fits/{fit['id']}")).json()["state"] == "running"
    clock.advance(queueing.LEASE_S + 1)
    await working.work_off(measured.services)
    assert (await measured.submitter.get(f"/v1/fits/{fit['id']}")).json()["state"] == "done"
    assert len((await measured.submitter.get("/v1/predictors")).json()["items"]) == 1


async def test_a_fit_that_kills_its_workers_fails(measured, clock):
    fit = (await asked(measured)).json()
    database = measured.services.database
    for _ in range(queueing.MOST_TRIES):
        held = await database.write(lambda c: queueing.claim(c, clock.now_us(c)))
        assert held is not None
        clock.advance(queueing.LEASE_S + 1)
    assert await database.write(lambda c: queueing.claim(c, clock.now_us(c))) is None
    document = (await measured.submitter.get(f"/v1/fits/{fit['id']}")).json()
    assert (document["state"], document["failure"]) == ("failed", "each worker that tried it ended")


async def test_a_late_worker_publishes_nothing(measured, clock, monkeypatch):
    await asked(measured)
    database = measured.services.database
    late = await database.write(lambda c: queueing.claim(c, clock.now_us(c)))
    clock.advance(queueing.LEASE_S + 1)
    await working.work_off(measured.services)
    await working._fit(measured.services, late, working.in_child)
    assert len((await measured.submitter.get("/v1/predictors")).json()["items"]) == 1


async def test_errors_name_what_is_wrong(measured):
    await fitted(measured)
    message = {"space": "tiny", "architectures": ["tiny@1:conv3,conv9"], "targets": [measured.TARGET]}
    answer = await measured.submitter.post("/v1/estimates", json=message)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/architectures/0"
    answer = await measured.submitter.post(
        "/v1/estimates", json=message | {"architectures": ["tiny@2:conv3,conv3"]}
    )
    assert "version 2" in answer.json()["detail"]
    for body, words in ((b"\x00" * 3, "rows of 2 codes"), (b"", "rows of 2"), (b"\x00\x09", "row 0")):
        answer = await in_bulk(measured, body)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
    assert (await in_bulk(measured, b"\x00\x00", "text/plain")).status_code == 415
    for query, words in (
        ({"space": "tiny"}, "target"),
        ({"space": "tiny", "target": measured.TARGET, "level": "0.2"}, "level"),
        ({"space": "tiny", "target": measured.TARGET, "levels": "0.8"}, "levels"),
    ):
        answer = await measured.submitter.post("/v1/estimates/bulk", params=query, content=b"\x00\x00")
        assert answer.status_code == 422
        assert words in answer.json()["detail"]


async def test_without_a_predictor_one_is_told_how_to_get_it(lab):
    await lab.agent()
    message = {"space": "tiny", "architectures": ALL, "targets": [lab.TARGET]}
    answer = await lab.submitter.post("/v1/estimates", json=message)
    assert answer.status_code == 404
    assert "edgemeter fit tiny" in answer.json()["detail"]


async def test_a_fit_is_not_published_where_its_file_is_garbled(measured, monkeypatch):
    def garbled(*_):
        raise FitError("the fit sent back no predictor")

    monkeypatch.setattr(working, "train_in_child", garbled)
    fit = (await asked(measured)).json()
    await working.work_off(measured.services)
    assert (await measured.submitter.get(f"/v1/fits/{fit['id']}")).json()["state"] == "failed"
