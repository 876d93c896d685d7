"""One measurement with all that is kept of it."""

from pydantic_core import from_json
from sqlalchemy import Connection, Table, select

from edgemeter.measurement import Measurement
from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.measurements import MeasurementRecord
from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts.repository import visible_to
from edgemeter_server.http.caller import Caller
from edgemeter_server.http.problems import Refusal
from edgemeter_server.measurements import codec, interning
from edgemeter_server.measurements.codec import Stored
from edgemeter_server.measurements.listing import SHOWN, names_of, row_document
from edgemeter_server.measurements.tables import (
    interned,
    measurement_layers,
    measurement_quantiles,
    measurement_samples,
    measurements,
)
from edgemeter_server.recipes import repository as recipes


def record(connection: Connection, caller: Caller, id_: int, *, with_samples: bool) -> MeasurementRecord:
    """Raises Refusal NOT_FOUND for what is absent and for what the caller may not see, in the same words."""
    row = connection.execute(SHOWN.where(measurements.c.id == id_, visible_to(caller))).first()
    if row is None:
        raise unknown(id_)
    samples = _content(connection, measurement_samples, id_)
    quantiles = _content(connection, measurement_quantiles, id_) if samples is None else None
    stored = Stored(
        latency_ms=row.latency_ms,
        low_ms=row.low_ms,
        high_ms=row.high_ms,
        detail=row.detail,
        batch=_interned(connection, row.batch_id),
        samples=samples or quantiles,
        layers=_content(connection, measurement_layers, id_),
    )
    artifact = names_of(connection, caller, [row])[row.artifact_id]
    built = recipes.file_sha256(connection, row.artifact_id)
    context = from_json(_interned(connection, row.context_id))
    return MeasurementRecord(
        **dict(row_document(row, artifact)),
        measurement=_shown(codec.decode(stored, built or row.sha256), artifact, with_samples=with_samples),
        provenance=context["provenance"],
        agent_version=context["agent_version"],
        samples_kept=quantiles is None,
    )


def unknown(id_: int) -> Refusal:
    return Refusal(ProblemType.NOT_FOUND, f"no measurement {id_}, or not yours")


def _shown(measurement: Measurement, artifact: ArtifactReference, *, with_samples: bool) -> Measurement:
    # The agent knows the file by the name that some project gave it, which may be a private one.
    network = measurement.network.model_copy(update={"name": artifact.name})
    visits = measurement.visits if with_samples else ()
    return measurement.model_copy(update={"network": network, "visits": visits})


def _content(connection: Connection, table: Table, id_: int) -> bytes | None:
    content = select(table.c.content).where(table.c.measurement_id == id_)
    return connection.execute(content).scalar()


def _interned(connection: Connection, id_: int) -> bytes:
    content = select(interned.c.content).where(interned.c.id == id_)
    return interning.read(connection.execute(content).scalar_one())
