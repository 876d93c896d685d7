"""Measurements go in by few statements and come out equal, on both databases."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random

import httpx
import pytest
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import IntegrityError

from edgemeter.failures import FailureKind
from edgemeter.measurement import FailureDocument, Layer, Measurement
from edgemeter.wire.access import Role
from edgemeter.wire.measurements import MeasurementRecord
from edgemeter_server.measurements import interning, testing
from edgemeter_server.measurements.repository import answer, estimates, store_many
from edgemeter_server.measurements.tables import interned, measurements
from edgemeter_server.services import Services

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]


async def _documents(lab, number: int) -> list[Measurement]:
    project = await lab.project("vision")
    random = Random(number)
    conditions = testing.conditions(random)
    return [testing.measurement(random, await lab.artifact(project), conditions) for _ in range(number)]


async def _read(client: httpx.AsyncClient, id_: int) -> MeasurementRecord:
    response = await client.get(f"/v1/measurements/{id_}")
    assert response.status_code == 200, response.text
    return MeasurementRecord.model_validate_json(response.content)


async def test_a_document_comes_back_equal(lab, client_of: ClientOf) -> None:
    documents = await _documents(lab, 5)
    layer = Layer(
        name="conv",
        kind="Conv",
        share=1.0,
        latency_ms=1.5,
        precision=None,
        processor="cpu",
        operators=("a", "b"),
    )
    documents[1] = documents[1].model_copy(update={"layers": (layer,), "notes": ("π ≈ 3.14159", "\u0000")})
    ids = await lab.stored(documents)
    admin = await client_of(Role.ADMIN)
    for id_, document in zip(ids, documents, strict=True):
        record = await _read(admin, id_)
        named = document.network.model_copy(update={"name": "network.onnx"})
        assert record.measurement == document.model_copy(update={"network": named})
        assert record.provenance == testing.provenance()
        assert (record.agent_version, record.samples_kept, record.valid) == ("1.0.0", True, True)
        assert document.latency is not None
        assert (record.latency_ms, record.interval) == (document.latency.value_ms, document.latency.interval)


async def test_a_failed_one_has_a_failure_and_no_samples(lab, client_of: ClientOf) -> None:
    (document,) = await _documents(lab, 1)
    failure = FailureDocument(kind=FailureKind.OUT_OF_MEMORY, message="4 GiB were not enough")
    failed = document.model_copy(
        update={
            "status": "failed",
            "failure": failure,
            "latency": None,
            "visits": (),
            "metrics": type(document.metrics)(),
        }
    )
    (id_,) = await lab.stored([failed])
    record = await _read(await client_of(Role.ADMIN), id_)
    assert record.measurement.failure == failure
    assert (record.failure_kind, record.valid, record.latency_ms) == ("out_of_memory", False, None)
    assert (record.samples_kept, record.measurement.visits) == (True, ())


async def test_samples_are_left_out_when_asked(lab, client_of: ClientOf) -> None:
    (document,) = await _documents(lab, 1)
    (id_,) = await lab.stored([document])
    response = await (await client_of(Role.ADMIN)).get(f"/v1/measurements/{id_}", params={"samples": False})
    record = MeasurementRecord.model_validate_json(response.content)
    assert (record.measurement.visits, record.samples_kept) == ((), True)
    assert record.measurement.latency == document.latency


async def test_what_a_batch_has_in_common_is_kept_once(lab, services: Services) -> None:
    await lab.stored(await _documents(lab, 20))
    rows = select(func.count()).select_from(interned)
    assert await services.database.read(lambda c: c.execute(rows).scalar()) == 2


def _count(seen: Counter[str], _connection: object, _cursor: object, statement: str, *_: object) -> None:
    seen[statement] += 1


async def test_the_number_of_statements_does_not_grow(lab, services: Services) -> None:
    documents = await _documents(lab, 33)

    def work(connection: Connection) -> list[int]:
        counts = []
        for some in (documents[:1], documents[1:]):
            new = [lab.new(connection, document) for document in some]
            seen = Counter[str]()
            event.listen(connection, "before_cursor_execute", seen_by := partial(_count, seen))
            store_many(connection, new, 1)
            event.remove(connection, "before_cursor_execute", seen_by)
            counts.append(seen.total())
        return counts

    one, many = await services.database.write(work)
    assert many <= one <= 5


async def test_a_job_has_one_accepted_measurement(lab, services: Services) -> None:
    first, second = await _documents(lab, 2)
    (id_,) = await lab.stored([first])
    job = select(measurements.c.job_id).where(measurements.c.id == id_)
    job_id = await services.database.read(lambda c: c.execute(job).scalar())
    with pytest.raises(IntegrityError):
        await lab.stored([second], job_id=job_id)
    await lab.stored([second], job_id=job_id, accepted=False)


async def test_an_attempt_has_one_measurement_that_does_not_count(lab, services: Services) -> None:
    first, second = await _documents(lab, 2)
    (id_,) = await lab.stored([first], accepted=False)
    attempt = select(measurements.c.attempt_id).where(measurements.c.id == id_)
    attempt_id = await services.database.read(lambda c: c.execute(attempt).scalar())
    with pytest.raises(IntegrityError):
        await lab.stored([second], attempt_id=attempt_id, accepted=False)


async def test_a_unit_that_fails_leaves_no_trace_in_later_ones(lab, services: Services) -> None:
    """Ids of texts that were rolled back may come back for others: nothing may remember them."""
    first, second = await _documents(lab, 2)

    def failing(connection: Connection) -> None:
        store_many(connection, [lab.new(connection, first)], 1)
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await services.database.write(failing)
    other = second.model_copy(update={"conditions": ({"other": True},)})
    await lab.stored([other])
    await lab.stored([first])
    pairs = select(interned.c.digest, interned.c.content)
    rows = await services.database.read(lambda c: c.execute(pairs).all())
    assert all(hashlib.sha256(interning.read(row.content)).digest() == row.digest for row in rows)
    assert len(rows) == 3


async def test_the_newest_valid_accepted_one_answers(lab, services: Services) -> None:
    project = await lab.project("vision")
    sha256 = await lab.artifact(project)
    ids = [await lab.measured(sha256) for _ in range(3)]
    await lab.measured(sha256, accepted=False)
    random = Random(1)
    invalid = testing.measurement(random, sha256, ())
    invalid = invalid.model_copy(update={"validity": invalid.validity.model_copy(update={"valid": False})})
    await lab.stored([invalid])

    def ask(connection: Connection) -> list[int | None]:
        row = connection.execute(select(measurements).where(measurements.c.id == ids[0])).one()
        key = (row.artifact_id, lab.target_id, lab.spec_id)
        return [
            answer(connection, *key, frozenset({lab.revision_id})),
            answer(connection, *key, frozenset({lab.revision_id + 1})),
            answer(connection, *key, frozenset()),
            answer(connection, row.artifact_id, lab.target_id, lab.spec_id + 1, frozenset({lab.revision_id})),
        ]

    assert await services.database.read(ask) == [ids[-1], None, None, None]


async def test_estimates_tell_how_they_were_got(lab, services: Services) -> None:
    documents = await _documents(lab, 3)
    ids = await lab.stored(documents)
    how = {id_: "stored" if id_ == ids[0] else "measured" for id_ in ids}
    found = await services.database.read(lambda c: estimates(c, [*ids, 10**9], how_by_id=how))
    assert found.keys() == set(ids)
    for id_, document in zip(ids, documents, strict=True):
        assert document.latency is not None
        estimate = found[id_]
        assert (estimate.latency_ms, estimate.interval) == (
            document.latency.value_ms,
            document.latency.interval,
        )
        assert (estimate.validity, estimate.how) == (document.validity, how[id_])
        assert (estimate.target, estimate.device, estimate.revision) == (testing.TARGET.slug, "board-4c", 1)
        assert estimate.protocol == "survey"
