"""Which of a target's revisions a predictor of files is of, told from the engines that devices name."""

import pytest

from edgemeter_server.predictors.kernels.staleness import Engines, revision_of, stale

OLD, NEW = "1.31.1", "1.32.0"


@pytest.mark.parametrize(
    ("engines", "words", "revision"),
    [
        ({}, None, None),  # nobody offers the target
        ({4: None}, None, 4),  # nobody tells
        ({4: OLD, 5: NEW}, None, 4),
        ({4: OLD, 5: OLD, 6: None}, None, 5),
        ({4: NEW, 5: None}, "the target runs 1.32.0 now", 5),
    ],
)
def test_a_predictor_is_of_a_revision_with_its_engine_where_there_is_one(
    engines: Engines, words: str | None, revision: int | None
) -> None:
    why = stale(engines, OLD)
    assert why is None if words is None else words in (why or "")
    assert revision_of(engines, OLD) == revision
