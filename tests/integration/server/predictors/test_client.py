"""The client's part: a fit that is waited for, estimates, and a predictor in this process."""

import asyncio

import httpx
import numpy as np
import pytest
from pydantic import SecretStr

from edgemeter.client import AsyncClient, ClientError, ClientSettings, UnexpectedReplyError
from edgemeter.client.predicting import FitFailedError
from edgemeter.wire.access import Role
from edgemeter.wire.problems import ProblemError
from edgemeter_server.predictors import working
from edgemeter_server.testing import issue_token


@pytest.fixture
async def client(measured, app):
    token = await issue_token(measured.services, Role.SUBMITTER, project="default")
    settings = ClientSettings(url="http://testserver", token=SecretStr(token))
    async with AsyncClient(settings=settings, transport=httpx.ASGITransport(app)) as client:
        yield client


async def fitted(lab, client, **wanted):
    """As `fit` does it: it waits while a worker works."""
    asked = asyncio.create_task(client.fit("tiny", lab.TARGET, **wanted))
    while not asked.done():
        await working.work_off(lab.services)
        await asyncio.wait([asked], timeout=0.05)
    return await asked


async def test_fit_waits_and_the_predictor_answers_here_as_there(measured, client):
    document = await fitted(measured, client, model="lut")
    assert document.active
    local = await client.predictor("tiny", measured.TARGET)
    codes = np.array([[0, 0], [1, 1]], np.uint8)
    found = await client.estimates(
        "tiny", ["tiny@1:conv3,conv3", "tiny@1:conv5,conv5"], measured.TARGET, measured=False
    )
    assert [each.latency_ms for each in found] == pytest.approx(local.predict(codes).mean_ms)
    assert (await client.predictor_document(document.id)).file_sha256 == document.file_sha256
    assert [each.id async for each in client.predictors(active=True)] == [document.id]
    older = await fitted(measured, client, model="lut", activate=False)
    assert (await client.activate_predictor(older.id)).active


async def test_a_fit_that_fails_says_why(measured, client):
    with pytest.raises(FitFailedError, match="no model is called 'magic'"):
        await fitted(measured, client, model="magic")


async def test_no_predictor_is_told_in_words(measured, client):
    with pytest.raises(ClientError, match="edgemeter fit"):
        await client.predictor("tiny", measured.TARGET)


async def test_arrays_in_arrays_out(measured, client):
    """In one request, or one after the other; rows and words of errors are the server's."""
    await fitted(measured, client, model="lut")
    local = await client.predictor("tiny", measured.TARGET)
    codes = np.asfortranarray(np.random.default_rng(0).integers(0, 2, (100_000, 2), dtype=np.uint8))
    found = await client.estimates_bulk("tiny", measured.TARGET, codes, level=0.8)
    prediction = local.predict(codes)
    assert found.latency_ms == pytest.approx(prediction.mean_ms, rel=1e-6)
    assert found.high_ms == pytest.approx(local.interval(prediction, 0.8).high_ms, rel=1e-6)
    parts = [
        part
        async for part in client.estimates_in_chunks(
            "tiny", measured.TARGET, (codes[:3], codes[3:5]), level=0.8
        )
    ]
    assert [len(part) for part in parts] == [3, 2]
    assert np.concatenate([part.low_ms for part in parts]).tolist() == found.low_ms[:5].tolist()
    codes[77_777, 1] = 9
    with pytest.raises(ProblemError, match="row 77777, column 1"):
        await client.estimates_bulk("tiny", measured.TARGET, codes)
    with pytest.raises(UnexpectedReplyError, match="2 rows for 1"):
        await client.estimates_bulk("tiny", measured.TARGET, np.zeros((1, 4), np.uint8))
    for odd in ([[0, 1]], codes[0], codes.astype(int), codes[:0]):
        with pytest.raises(ClientError, match="array"):
            await client.estimates_bulk("tiny", measured.TARGET, odd)


async def test_doubtful_ones_are_waited_for(measured, client):
    await fitted(measured, client, model="lut")
    text = "tiny@1:conv3,conv3"
    [found] = await client.estimates(
        "tiny", [text], measured.TARGET, measured=False, max_interval=1e-9, wait_s=90
    )
    assert (found.source, found.job_id) == ("measured", None)  # it was stored
    assert found.request_id


async def test_codes_stand_for_texts(measured, client):
    await fitted(measured, client, model="lut")
    texts = ["tiny@1:conv3,conv3", "tiny@1:conv5,conv5"]
    wanted = await client.estimates("tiny", texts, measured.TARGET)
    for codes in ([[0, 0], [1, 1]], np.array([[0, 0], [1, 1]], np.uint8), ["tiny@1:conv3,conv3", (1, 1)]):
        assert await client.estimates("tiny", codes, measured.TARGET) == wanted
    with pytest.raises(ProblemError, match="not one of the codes"):
        await client.estimates("tiny", [[0, 9]], measured.TARGET)
