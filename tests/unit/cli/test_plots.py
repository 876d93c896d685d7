"""Pictures of predictors: drawn without a display, from any data, safe with any name."""

import numpy as np
import pytest

from edgemeter.plots import boxes, distribution, front, learning, predicted
from edgemeter.plots.pictures import PlotError

pytest.importorskip("matplotlib")
NAME = "$\\frac{ & <b> \x1b[0m"


def foreseen(measured_ms):
    measured = np.asarray(measured_ms, np.float64)
    return predicted.Predicted(NAME, measured, measured * 1.1, measured * 0.9, measured * 1.05 + 0.2, 0.9)


def axis(*values):
    value = np.asarray(values, np.float64)
    return front.Axis(NAME, value, value * 0.5, value * 9)


PICTURES = {
    "front": lambda file: front.draw(NAME, axis(1, 2, 3), axis(3, 2, 4), file),
    "front of one": lambda file: front.draw(NAME, axis(1), axis(0), file),
    "predicted": lambda file: predicted.draw(foreseen([1.0, 2.0, 9.0]), file),
    "one": lambda file: predicted.draw(foreseen([5.0]), file),
    "residuals": lambda file: boxes.draw(NAME, {NAME: np.arange(7.0), "few": np.array([1.0])}, file),
    "learning": lambda file: learning.draw(
        learning.Learning(NAME, np.array([3, 5]), np.array([[3.0, 4.0], [2.0, 2.5]]), None), file
    ),
    "distribution": lambda file: distribution.draw(
        NAME, {NAME: np.linspace(1, 9, 50), "b": np.full(9, 3.0)}, file
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture(tmp_path, name):
    PICTURES[name](file := tmp_path / "p.png")
    assert file.read_bytes().startswith(b"\x89PNG")


def test_as_text_for_printing(tmp_path):
    PICTURES["distribution"](file := tmp_path / "p.svg")
    assert b"\x1b[0m" not in file.read_bytes()


def test_nothing_to_draw_is_told(tmp_path):
    for draw in (
        lambda: predicted.draw(foreseen([]), tmp_path / "p.png"),
        lambda: boxes.draw("t", {"a": np.empty(0)}, tmp_path / "p.png"),
        lambda: distribution.draw("t", {}, tmp_path / "p.png"),
        lambda: front.draw("t", axis(), axis(), tmp_path / "p.png"),
    ):
        with pytest.raises(PlotError, match="there is no"):
            draw()
    with pytest.raises(PlotError, match=r"neither \.svg"):
        PICTURES["one"](tmp_path / "p.gif")
    with pytest.raises(PlotError, match="cannot be written"):
        PICTURES["one"](tmp_path / "nowhere" / "p.png")
