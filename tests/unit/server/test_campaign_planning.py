"""Plans of campaigns: the same for a seed, distinct, interleaved; samples cover what they stand for."""

from collections import Counter

import pytest

from edgemeter.spaces.registry import find_space
from edgemeter.spaces.support import combined
from edgemeter.targets import Precision, Target
from edgemeter.wire.campaigns import CampaignPlan, Purpose, Support
from edgemeter.wire.recipes import FileKind, RecipeKind
from edgemeter_server.campaigns.planning import chosen_architectures, chosen_contexts, planned_items

KIND = FileKind("onnx", Precision.FP32, 1)
PLAN = CampaignPlan(space="hurricane", targets=("t",))


def test_hurricane_has_its_operators_once_and_its_architectures() -> None:
    items = planned_items(find_space("hurricane"), PLAN, KIND)
    counts = Counter(item.purpose for item in items)
    assert counts == {Purpose.OPERATOR: 258, Purpose.TRAIN: 50, Purpose.TEST: 20, Purpose.REPEAT: 7}
    first = [item.recipe for item in items if item.purpose is not Purpose.REPEAT]
    assert len({recipe.sha256() for recipe in first}) == len(first)
    repeated = [item.recipe for item in items[-7:]]
    assert set(repeated) < set(first)
    assert len(set(repeated)) == 7
    assert items == planned_items(find_space("hurricane"), PLAN, KIND)


def test_the_order_is_mixed_unless_a_budget_may_end_it() -> None:
    space = find_space("hurricane")
    kinds = [item.recipe.kind for item in planned_items(space, PLAN, KIND)][:328]
    halves = [Counter(kinds[:164])[RecipeKind.ARCHITECTURE], Counter(kinds[164:])[RecipeKind.ARCHITECTURE]]
    assert sum(halves) == 70
    assert min(halves) > 20
    thrifty = planned_items(space, PLAN.model_copy(update={"budget_s": 60.0}), KIND)
    assert {item.recipe.kind for item in thrifty[:258]} == {RecipeKind.OPERATOR}
    assert {item.recipe.kind for item in thrifty[258:328]} == {RecipeKind.ARCHITECTURE}


def test_a_large_space_is_sampled_and_every_operator_of_a_stage_is_there() -> None:
    space = find_space("hsconas")
    chosen = chosen_contexts(space, PLAN)
    assert len(set(chosen)) == len(chosen) == 1000 < len(space.placed)
    groups = {(placed.operator, placed.stage) for placed in space.placed}
    assert {(space.placed[at].operator, space.placed[at].stage) for at in chosen} == groups


def test_wide_architectures_are_skewed() -> None:
    space = find_space("hurricane")
    texts = chosen_architectures(space, 40, seed=3)
    kinds = [len(set(text.partition(":")[2].split(","))) for text in texts]
    uniform, wide = kinds[::2], kinds[1::2]
    assert sum(wide) < 0.7 * sum(uniform)


def test_a_small_space_ends_and_dead_cells_are_no_networks() -> None:
    space = find_space("nasbench201")
    texts = chosen_architectures(space, 200, seed=0)
    assert len(set(texts)) == len(texts) == 200
    for text in texts:
        assert "nor_conv" in text or "pool" in text or "skip" in text


@pytest.mark.parametrize(
    ("slug", "formats", "expected"),
    [
        ("box.cpu.openvino-2026.2.fp16.t1.b4", ["onnx", "tflite"], FileKind("onnx", Precision.FP32, 4)),
        ("box.cpu.litert-2.2.int8.t2.b1", ["tflite"], FileKind("tflite", Precision.INT8, 1)),
    ],
)
def test_networks_are_written_as_the_target_reads_them(
    slug: str, formats: list[str], expected: FileKind
) -> None:
    device, processor, engine, *_ = slug.split(".")
    target = Target(
        device,
        processor,
        engine.partition("-")[0],
        "2",
        Precision("int8" if "int8" in slug else "fp16"),
        batch=expected.batch,
    )
    assert FileKind.of(target, formats) == expected


def test_an_operator_is_what_its_contexts_have_shown() -> None:
    full, none, partial, unknown = Support.FULL, Support.NONE, Support.PARTIAL, Support.UNKNOWN
    assert combined([full, full]) is full
    assert combined([none, none]) is none
    assert combined([full, none]) is partial
    assert combined([full, partial, unknown]) is partial
    assert combined([full, unknown]) is unknown
    assert combined([none, unknown]) is unknown
