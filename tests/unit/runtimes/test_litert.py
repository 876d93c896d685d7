"""What LiteRt does on a board that has tflite-runtime alone, or neither package."""

import subprocess
import sys

import pytest

from edgemeter.targets import Precision
from edgemeter_agents.networks import demos
from edgemeter_agents.runtimes.base import Format

NETWORK = demos(Format.TFLITE, Precision.FP32)[0].path

#: The same Interpreter under the old package's name, and the new package gone.
OLD_BOARD = """
import sys, types
from pathlib import Path
from ai_edge_litert import interpreter
old = types.ModuleType("tflite_runtime")
old.__version__ = "2.14.0"
sys.modules.update({"tflite_runtime": old, "tflite_runtime.interpreter": interpreter})
sys.modules["ai_edge_litert"] = None
from edgemeter_agents.runtimes.base import ProfileUnavailableError, Settings
from edgemeter_agents.runtimes.litert import LiteRt
runtime = LiteRt()
"""


def _run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, str(NETWORK)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_tflite_runtime_stands_in() -> None:
    told = _run(
        OLD_BOARD
        + """
import numpy
session = runtime.prepare(Path(sys.argv[1]), Settings(), {})
session.bind({spec.name: numpy.zeros(spec.shape, spec.dtype) for spec in session.inputs})
session.run()
print(runtime.load(), session.facts().details["package"], session.facts().precision_executed)
"""
    )
    assert told == "2.14.0 tflite-runtime fp32"


def test_tflite_runtime_has_no_profile() -> None:
    told = _run(
        OLD_BOARD
        + """
try:
    runtime.profile(Path(sys.argv[1]), Settings(), {}, {}, 1)
except ProfileUnavailableError as reason:
    print(reason)
"""
    )
    assert told == "tflite-runtime tells no times of its layers: install ai-edge-litert"


def test_without_either_the_engine_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgemeter_agents.runtimes.litert import LiteRt
    from edgemeter_agents.runtimes.registry import MissingEngineError, engine_version

    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", None)
    with pytest.raises(MissingEngineError, match=r"edgemeter\[agent-litert\]"):
        engine_version(LiteRt())
