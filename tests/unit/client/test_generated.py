"""Generated spaces in calls: asked as the space they were made of, answered in their own words."""

from pathlib import Path

import numpy as np
import pytest

from edgemeter.client.generated import (
    PartPredictor,
    architectures_within,
    capabilities_within,
    named,
    operators_within,
    plan_of,
)
from edgemeter.spaces.hurricane import Hurricane
from edgemeter.spaces.sampling import sample
from edgemeter.spaces.space import CodeError
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.subset_files import write_subset
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.campaigns import Capabilities, LatencyRow, LatencyTable, OperatorSupport, Support

BASE = Hurricane()
FEW = Subset(BASE, "few", {f"layer{number}": ["MB_3_1", "Choice_3"] for number in range(1, 5)})
INSIDE = "hurricane@1:" + ",".join(["MB_3_1"] * 4 + ["SEP_3"] * 16)
OUTSIDE = "hurricane@1:" + ",".join(["SEP_3"] * 20)


def test_a_name_is_left_to_the_server() -> None:
    asked = named("a-space-of-the-server")
    assert (asked.name, asked.part) == ("a-space-of-the-server", None)
    assert asked.asked(["whatever"]) == asked.written(["whatever"]) == ("whatever",)
    assert named(BASE).name == "hurricane"


def test_a_file_is_read_and_told_as_a_part_of_its_base(tmp_path: Path) -> None:
    write_subset(FEW, path := tmp_path / "few.json")
    for given in (path, str(path), FEW):
        plan = plan_of(given, targets=("t",))
        assert plan.space == "hurricane"
        assert plan.part is not None
        assert (plan.part.name, plan.part.version) == ("few", 1)
        assert plan.part.choices == {f"layer{number}": ("MB_3_1", "Choice_3") for number in range(1, 5)}
        assert plan.shown_space == "few (of hurricane)"
    assert plan_of("hurricane", targets=("t",)).part is None


def test_architectures_are_translated_both_ways() -> None:
    asked = named(FEW)
    own = to_text(FEW, sample(FEW, 1, seed=1)[0])
    texts = (own, INSIDE, ",".join(["MB_3_1"] * 20))
    told = asked.asked(texts)
    assert [text.partition(":")[0] for text in told] == ["hurricane@1"] * 3
    assert [text.partition(":")[2] for text in told] == [text.rpartition(":")[2] for text in texts]
    assert [text.partition(":")[0] for text in asked.written(texts)] == ["few@1"] * 3
    for wrong, words in ((OUTSIDE, "is not in few"), ("few@1:" + ",".join(["SEP_3"] * 20), "no choice")):
        with pytest.raises(CodeError, match=words):
            asked.asked([wrong])


def table(*texts: str) -> LatencyTable:
    rows = [
        LatencyRow(
            text=text,
            latency_ms=1.0,
            low_ms=0.9,
            high_ms=1.1,
            samples=18,
            measurement_id=1,
            measured_at="2026-11-29T00:00:00Z",  # type: ignore[arg-type]  # pydantic reads it
        )
        for text in texts
    ]
    return LatencyTable(target="t", space="hurricane", version=1, rows=tuple(rows))


def test_tables_show_what_is_in_the_part() -> None:
    gone = next(each.key for each in BASE.placed if each not in FEW.placed)
    kept = FEW.placed[1].key
    assert [row.text for row in operators_within(named(FEW), table(gone, kept)).rows] == [kept]
    [row] = architectures_within(named(FEW), table(OUTSIDE, INSIDE)).rows
    assert row.text == INSIDE.replace("hurricane", "few")
    whole = table(gone)
    assert operators_within(named(BASE), whole) == architectures_within(named(BASE), whole) == whole


def test_an_operator_is_judged_by_the_contexts_that_are_left() -> None:
    base = [each for each in BASE.placed if each.operator == "SEP_3"]
    left = {each.key for each in FEW.placed}
    contexts = [
        OperatorSupport(
            key=each.key,
            operator=each.operator,
            support=Support.FULL if each.key in left else Support.NONE,
            evidence="",
        )
        for each in base
    ]
    known = Capabilities(
        target="t",
        space="hurricane",
        version=1,
        operators={"SEP_3": Support.PARTIAL},
        contexts=tuple(contexts),
    )
    found = capabilities_within(named(FEW), known)
    assert found.operators == {"SEP_3": Support.FULL}
    assert 0 < len(found.contexts) < len(base)


def test_a_predictor_of_the_base_takes_codes_of_the_part() -> None:
    class Sums:
        def predict(self, inputs: np.ndarray) -> np.ndarray:
            return inputs.sum(axis=1)

        def interval(self, prediction: np.ndarray, level: float = 0.9) -> tuple[np.ndarray, float]:
            return prediction, level

    codes = sample(FEW, 50, seed=2)
    predictor = PartPredictor(FEW, Sums())
    expected = np.array([from_text(BASE, f"hurricane@1:{FEW.words(row)}").sum() for row in codes])
    assert np.array_equal(predictor.predict(codes), expected)
    assert predictor.interval(expected, 0.8)[1] == 0.8
