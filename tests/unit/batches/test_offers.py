from dataclasses import replace
from pathlib import Path

import pytest

from edgemeter.targets import Precision, TargetSelector
from edgemeter_agents.batches.offers import Offer, choose, device_slug, installed_version
from edgemeter_agents.batches.reading import batch_size
from edgemeter_agents.conditions.device import Device, read_device
from edgemeter_agents.conditions.roots import Roots
from edgemeter_agents.runtimes.base import Format
from edgemeter_agents.runtimes.litert import LiteRt
from edgemeter_agents.runtimes.onnxruntime import OnnxRuntime
from edgemeter_agents.runtimes.openvino import OpenVino

OFFERS = [
    Offer("onnxruntime", OnnxRuntime(), "1.31.1"),
    Offer("openvino", OpenVino(), "2026.4.1"),
    Offer("litert", LiteRt(), "2.3.0"),
]


@pytest.fixture
def unknown(tmp_path: Path) -> Device:
    return read_device(Roots(tmp_path, tmp_path, tmp_path))


@pytest.mark.parametrize(
    ("cpu", "name"),
    [
        ("AMD EPYC", "epyc-2c"),
        ("AMD EPYC 9454 48-Core Processor", "epyc-9454-2c"),
        ("Intel(R) Xeon(R) Platinum 8488C", "xeon-platinum-8488c-2c"),
        ("Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", "core-i7-1165g7-2c"),
        ("AMD Ryzen 7 7840U with Radeon 780M Graphics", "ryzen-7-7840u-780m-2c"),
        ("\x1b[31m", "31m-2c"),
        ("???", "cpu-2c"),
    ],
)
def test_a_pc_is_named_after_its_processor(unknown: Device, cpu: str, name: str) -> None:
    assert device_slug(replace(unknown, cpu_models=(cpu,)), 2) == name


def test_a_board_is_named_after_itself(unknown: Device) -> None:
    board = replace(unknown, cpu_models=("ARM Cortex-A72",), model="Raspberry Pi 4 Model B Rev 1.4")
    assert device_slug(board, 4) == "raspberry-pi-4-model-b-rev-1-4"


def test_a_machine_that_tells_nothing_still_has_a_name(unknown: Device) -> None:
    assert device_slug(unknown, 8) == "cpu-8c"


@pytest.fixture
def network(batch):
    return batch.networks[0]


def targets(network, *words: str) -> list[str]:
    selectors = [TargetSelector.parse(word) for word in words]
    return [choice.target.slug for choice in choose(network, selectors, OFFERS, "box")]


def test_by_default_every_runtime_that_reads_the_file_in_its_own_precision(network) -> None:
    assert targets(network) == [
        "box.cpu.onnxruntime-1.31.fp32.t1.b1",
        "box.cpu.openvino-2026.4.fp32.t1.b1",
    ]
    int8_tflite = replace(network, format=Format.TFLITE, precision=Precision.INT8, batch=4)
    assert targets(int8_tflite) == ["box.cpu.openvino-2026.4.int8.t1.b4", "box.cpu.litert-2.3.int8.t1.b4"]


def test_words_choose_and_no_target_comes_twice(network) -> None:
    assert targets(network, "openvino.bf16.t2") == ["box.cpu.openvino-2026.4.bf16.t2.b1"]
    assert targets(network, "openvino", "cpu") == [
        "box.cpu.openvino-2026.4.fp32.t1.b1",
        "box.cpu.onnxruntime-1.31.fp32.t1.b1",
    ]


@pytest.mark.parametrize("word", ["litert", "onnxruntime.bf16", "b7", "phone"])
def test_a_choice_without_a_target_tells_what_there_is(network, word: str) -> None:
    with pytest.raises(LookupError, match=r"run on cpu\.onnxruntime-1\.31\.fp32\.t1\.b1"):
        targets(network, word)


def test_versions_come_from_metadata() -> None:
    assert installed_version(OnnxRuntime()) is not None


@pytest.mark.parametrize(
    ("shapes", "size"),
    [
        ({"x": (1, 3, 8, 8)}, 1),
        ({"x": (16, 3), "y": (16, 5)}, 16),
        ({"x": (16, 3), "y": (4, 5)}, 1),
        ({"x": (16,)}, 1),
        ({}, 1),
    ],
)
def test_batch_is_the_leading_dimension_that_all_inputs_share(shapes, size: int) -> None:
    assert batch_size(shapes) == size
