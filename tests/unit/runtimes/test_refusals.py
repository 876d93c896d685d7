import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter_agents.runtimes import litert, onnxruntime, openvino
from edgemeter_agents.runtimes.base import MalformedModelError, UnsupportedOperatorError
from edgemeter_agents.runtimes.refusals import REASON_LIMIT, refusal, spoken
from edgemeter_agents.runtimes.sources import Sources

PATTERNS = {
    "onnxruntime": onnxruntime._UNSUPPORTED,
    "openvino": openvino._UNSUPPORTED,
    "litert": litert._UNSUPPORTED,
}
FILE = Path("/private/attempt/model.onnx")

#: As the engines say it, today or in the versions named.
SAID = [
    (
        "onnxruntime",
        "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : "
        "Could not find an implementation for Det(11) node with name 'd t'",
        "Det",
        "d t",
    ),
    (
        "onnxruntime",  # 1.10
        "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Failed to find kernel for Trilu(14) (node Trilu_7).",
        "Trilu",
        "Trilu_7",
    ),
    (
        "onnxruntime",
        "[ONNXRuntimeError] : 10 : INVALID_GRAPH : Load model from m.onnx failed:"
        "This is an invalid model. In Node, "
        '("fancy_1", FancyOp, "", -1) : ("c": tensor(float),) -> ("y": tensor(float),) , '
        "Error No Op registered for FancyOp with domain_version of 17",
        "FancyOp",
        "fancy_1",
    ),
    (
        "onnxruntime",
        "Fatal error: my.domain:FancyOp(-1) is not a registered function/op",
        "FancyOp",
        "first FancyOp",
    ),
    (
        "openvino",
        "Model wasn't fully converted.\nSummary:\n"
        "-- No conversion rule found for operations: Optional-17, Det-11\n",
        "Optional",
        "first Optional",
    ),
    ("openvino", "-- No conversion rule found for operations: my.domain.FancyOp", "FancyOp", "first FancyOp"),
    ("openvino", "Summary:\n-- Conversion is failed for: Reshape-17\n", "Reshape", "first Reshape"),
    ("openvino", "No translator found for FancyCustom node.\n", "FancyCustom", "first FancyCustom"),
    ("openvino", "Unsupported operation of type: Einsum name: e/1", "Einsum", "e/1"),
    (
        "litert",
        "Encountered unresolved custom op: TFLite_Detection.\nSee instructions: https://example.org "
        "Node number 63 (TFLite_Detection) failed to prepare.",
        "TFLite_Detection",
        "first TFLite_Detection",
    ),
    (
        "litert",
        "Didn't find op for builtin opcode 'CONV_2D' version '77'. An older version might be supported.",
        "CONV_2D",
        "first CONV_2D",
    ),
    ("litert", "Op builtin_code out of range: 500. Are you using", "500", "first 500"),
    (
        "litert",
        "third_party/conv.cc:351 input->type != filter->type. Node number 0 (CONV_2D) failed to prepare.",
        "CONV_2D",
        "first CONV_2D",
    ),
]


@pytest.fixture(autouse=True)
def known_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    class OneOfEach(Sources):
        def first_of(self, operator_type: str) -> str:
            return f"first {operator_type}"

    monkeypatch.setattr(Sources, "of", lambda *_: OneOfEach(()))


@pytest.mark.parametrize(("engine", "said", "operator_type", "operator_name"), SAID)
def test_the_operator_is_found(engine: str, said: str, operator_type: str, operator_name: str) -> None:
    told = refusal(RuntimeError(said), PATTERNS[engine], FILE, {})
    assert isinstance(told, UnsupportedOperatorError)
    assert (told.operator_type, told.operator_name) == (operator_type, operator_name)


def test_everything_else_is_malformed() -> None:
    told = refusal(RuntimeError("Protobuf parsing failed."), PATTERNS["onnxruntime"], FILE, {})
    assert isinstance(told, MalformedModelError)
    assert str(told) == "Protobuf parsing failed."


@pytest.mark.parametrize(
    "said",
    [
        "External data path validation failed for initializer: w. External data path does not exist",
        "invalid external data: ExternalDataInfo(data_full_path: w.bin, offset: 0, data_length: 0)",
    ],
)
def test_weights_in_another_file_are_told_with_what_to_do(said: str) -> None:
    told = str(refusal(RuntimeError(said), PATTERNS["openvino"], FILE, {}))
    assert "save the network as one file" in told
    assert said in told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "[ONNXRuntimeError] : 1 : FAIL : Load model from /private/attempt/model.onnx failed:"
            "Protobuf parsing failed.",
            "Load model from model.onnx failed:Protobuf parsing failed.",
        ),
        (
            "failed:/onnxruntime_src/core/graph/model.cc:256 onnxruntime::Model::Model(onnx::ModelProto&&) "
            "Unsupported model IR version: 99\n",
            "failed:Unsupported model IR version: 99",
        ),
        (
            "Check 'm->Parse(&f)' failed at src/frontends/onnx/graph.cpp:563:\nFrontEnd API failed with "
            "GeneralFailure:\nModel can't be parsed\n\n",
            "Model can't be parsed",
        ),
        (
            "Exception from src/inference/src/cpp/core.cpp:84:\nUnable to read the model",
            "Unable to read the model",
        ),
    ],
)
def test_what_is_told_is_for_people(said: str, told: str) -> None:
    assert spoken(RuntimeError(said), FILE) == told


@given(st.text(), st.text())
def test_no_text_gives_away_the_folder(before: str, after: str) -> None:
    told = spoken(RuntimeError(f"{before}{FILE}{after}"), FILE)
    assert "/private/attempt" not in told
    assert len(told) <= REASON_LIMIT
    assert "\n" not in told


@given(st.sampled_from(sorted(PATTERNS)), st.text() | st.from_regex(re.compile(r"\A(In Node, \(\"){0,50}")))
def test_any_text_is_understood(engine: str, said: str) -> None:
    told = refusal(RuntimeError(said), PATTERNS[engine], FILE, {})
    assert isinstance(told, UnsupportedOperatorError | MalformedModelError)
