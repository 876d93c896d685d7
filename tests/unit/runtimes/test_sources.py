from pathlib import Path

import pytest

from edgemeter.graphs.graph import Cost, Operator
from edgemeter_agents.runtimes.sources import FUSION_DEPTH, Sources

FREE = Cost(0, 0, 0, 0, 0)


def _operator(kind: str, name: str, inputs: tuple[str, ...], output: str) -> Operator:
    return Operator(kind, "", name, inputs, (output,), {}, "float32", FREE)


#: conv -> bias -> relu, joined with a branch: add(relu, conv2)
SOURCES = Sources(
    [
        _operator("Conv", "conv", ("x",), "c"),
        _operator("Relu", "relu", ("c",), "r"),
        _operator("Conv", "", ("x",), "nameless"),
        _operator("Add", "add", ("r", "nameless"), "sum"),
        _operator("Softmax", "softmax", ("sum",), "y"),
    ]
)


@pytest.mark.parametrize(
    ("name", "kind", "operators"),
    [
        ("conv", "Conv", ("conv",)),
        ("conv", "QLinearConv", ("conv",)),
        ("r", "Conv", ("conv", "relu")),  # called after the tensor that it writes
        ("relu", "FusedConv", ("conv", "relu")),
        ("add", "Conv", ("nameless", "add")),  # the nearest, on whichever input
        ("nameless", "Conv", ("nameless",)),
        ("softmax", "Softmax", ("softmax",)),
        ("relu", "Clamp", ("relu",)),  # no Clamp above: it stands for itself
        ("ReorderOutput", "ReorderOutput", ()),
    ],
)
def test_a_fused_kernel_has_all_its_operators(name: str, kind: str, operators: tuple[str, ...]) -> None:
    assert SOURCES.fused(name, kind) == operators


def test_fusions_are_looked_for_only_nearby() -> None:
    chain = [_operator("Conv", "conv", ("x",), "t0")]
    chain += [_operator("Relu", f"relu{i}", (f"t{i}",), f"t{i + 1}") for i in range(FUSION_DEPTH)]
    assert Sources(chain).fused(f"relu{FUSION_DEPTH - 2}", "Conv")[0] == "conv"
    assert Sources(chain).fused(f"relu{FUSION_DEPTH - 1}", "Conv") == (f"relu{FUSION_DEPTH - 1}",)


def test_loops_end() -> None:
    looped = Sources([_operator("Relu", "a", ("tb",), "ta"), _operator("Relu", "b", ("ta",), "tb")])
    assert looped.fused("a", "Conv") == ("a",)


def test_the_first_of_a_type_is_named() -> None:
    assert SOURCES.first_of("Conv") == "conv"
    assert SOURCES.first_of("Gemm") is None


def test_a_file_that_our_reader_refuses_has_no_operators(tmp_path: Path) -> None:
    (broken := tmp_path / "broken.onnx").write_bytes(b"PK\x03\x04")
    assert Sources.of(broken, {}).first_of("Conv") is None
