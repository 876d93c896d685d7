"""The picture of layer shares: drawn without a display, and safe with any name."""

from pathlib import Path

import pytest

from edgemeter.measurement import Layer
from edgemeter.plots.layer_shares import LayerShares, draw
from edgemeter.plots.pictures import PlotError, check

pytest.importorskip("matplotlib")


def shares(network: str, count: int) -> LayerShares:
    layers = tuple(
        Layer(
            name=f"layer {number}",
            kind=f"Kind{number % 12}",
            share=1 / count,
            latency_ms=0.1,
            precision=None,
            processor="cpu",
            operators=(),
        )
        for number in range(count)
    )
    return LayerShares(network, "box.cpu.fake-1.0.fp32.t1.b1", 0.1 * count, layers)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_picture_of_two_targets(tmp_path: Path, ending: str) -> None:
    draw(
        [shares("one", 30), shares("$\\frac{ & <b> \x1b[0m" + "x" * 300, 2)], file := tmp_path / f"p.{ending}"
    )
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    assert b"\x1b[0m" not in content


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlotError, match="no such folder"):
        check(tmp_path / "none" / "p.svg")


def test_another_ending_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlotError, match=r"neither \.svg"):
        draw([shares("one", 3)], tmp_path / "p.gif")
