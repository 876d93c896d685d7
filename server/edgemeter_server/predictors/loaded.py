"""Predictors in memory: read from the database once, then kept while they are asked."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from edgemeter.spaces.space import Codes, Space
from edgemeter.wire.problems import ProblemType
from edgemeter_predictors.evaluation.bulk import compiled_loops
from edgemeter_predictors.evaluation.evaluator import Evaluator
from edgemeter_predictors.predictor import Predictor
from edgemeter_predictors.saving.predictors import load
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.targets import KnownTarget, known_target
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.kept import Kept
from edgemeter_server.predictors.saved import saved
from edgemeter_server.predictors.tables import predictors

_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Active:
    """The version that answers for one space on one target in one project."""

    id: int
    number: int
    target: KnownTarget
    evaluator: Evaluator

    @property
    def predictor(self) -> Predictor[Codes]:
        return self.evaluator.predictor


class Loaded:
    """The latest predictors asked for, by the hash of their file: another version is another entry."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[bytes, str], Evaluator] = Kept(_MOST)

    def active(self, connection: Connection, project: int, space: Space, target: str) -> Active:
        """Raises Refusal NOT_FOUND, with how to get one."""
        found = self.find(connection, project, space, known_target(connection, target))
        if found is None:
            raise Refusal(ProblemType.NOT_FOUND, how_to_fit(space, target))
        return found

    def find(self, connection: Connection, project: int, space: Space, target: KnownTarget) -> Active | None:
        found = select(predictors.c.id, predictors.c.number, predictors.c.file_sha256).where(
            predictors.c.project_id == project,
            predictors.c.target_id == target.id,
            predictors.c.builds == builds_of(space),
            predictors.c.active,
        )
        if (row := connection.execute(found).one_or_none()) is None:
            return None
        return Active(row.id, row.number, target, self._evaluator(connection, row, space))

    def _evaluator(self, connection: Connection, row: Any, space: Space) -> Evaluator:
        key = (bytes(row.file_sha256), builds_of(space))
        if (known := self._kept.get(key)) is None:
            known = Evaluator(load(saved(connection, row.id), space), compiled_loops())
            self._kept.put(key, known)
        return known


def how_to_fit(space: Space, target: str) -> str:
    """For people who asked where there is no predictor."""
    words = f"{space.name} --target {target}"
    return (
        f"there is no predictor of {space.name} on {target}; `edgemeter profile {words}` measures what one is"
        f" made of, and `edgemeter fit {words}` makes it"
    )
