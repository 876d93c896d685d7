"""Which measurements a published predictor has seen: those of its snapshot, by their ids."""

import json
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.jobs.batches import in_batches
from edgemeter_server.measurements.tables import measurements
from edgemeter_server.predictors.snapshots import Labelled, Snapshot
from edgemeter_server.predictors.tables import predictor_snapshots
from edgemeter_server.recipes.tables import recipes


@dataclass(frozen=True, slots=True)
class Known:
    """Ids of measurements: it was fitted on `fitted`, and judged by `tested`."""

    fitted: frozenset[int]
    tested: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return self.fitted | self.tested


def store(connection: Connection, predictor_id: int, snapshot: Snapshot) -> None:
    fitted, tested = _ids(snapshot.operators) | _ids(snapshot.training), _ids(snapshot.tests)
    content = zlib.compress(json.dumps([sorted(fitted), sorted(tested)]).encode())
    connection.execute(insert(predictor_snapshots).values(predictor_id=predictor_id, content=content))


def known_to(connection: Connection, predictor: Row[Any]) -> Known:
    """Of a row of `predictors`. One that was published before this was kept counts as fitted on all that was
    measured until then.
    """
    kept = select(predictor_snapshots.c.content).where(predictor_snapshots.c.predictor_id == predictor.id)
    content = connection.execute(kept).scalar()
    if content is not None:
        fitted, tested = json.loads(zlib.decompress(content))
        return Known(frozenset(fitted), frozenset(tested))
    earlier = (
        select(measurements.c.id)
        .join(recipes, recipes.c.artifact_id == measurements.c.artifact_id)
        .where(
            measurements.c.target_id == predictor.target_id,
            measurements.c.created_us <= predictor.created_us,
            recipes.c.builds == predictor.builds,
        )
    )
    return Known(frozenset(connection.execute(earlier).scalars()), frozenset())


def architectures(connection: Connection, measurement_ids: Collection[int]) -> frozenset[str]:
    """The texts of the architectures among them."""
    texts = (
        select(recipes.c.text)
        .join(measurements, measurements.c.artifact_id == recipes.c.artifact_id)
        .where(recipes.c.kind == RecipeKind.ARCHITECTURE.value)
    )
    return frozenset(
        text
        for some in in_batches(sorted(measurement_ids))
        for text in connection.execute(texts.where(measurements.c.id.in_(some))).scalars()
    )


def _ids(rows: Iterable[Labelled]) -> frozenset[int]:
    return frozenset(row.measurement_id for row in rows)
