"""`edgemeter plot` against the real service."""

import pytest

from .test_predictors import fitted

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.parametrize("open_database", ["sqlite"], indirect=True)


async def test_every_picture_of_a_target(measured, edgemeter, tmp_path):
    missing = await edgemeter("plot", "predicted", "tiny", "-t", measured.TARGET, "-o", tmp_path / "p.png")
    assert "edgemeter fit" in missing.output
    await fitted(measured)
    for words in (("predicted",), ("residuals", "--all"), ("distribution", "--count", 100)):
        file = tmp_path / f"{words[0]}.png"
        done = await edgemeter("plot", words[0], "tiny", *words[1:], "-t", measured.TARGET, "-o", file)
        assert done.exit_code == 0, done.output
        assert file.read_bytes().startswith(b"\x89PNG")
    file = tmp_path / "front.png"
    words = ("pareto", "tiny", "--count", 20, "-t", measured.TARGET, "-o", file)
    done = await edgemeter("plot", *words)
    assert done.exit_code == 0, done.output
    assert file.read_bytes().startswith(b"\x89PNG")
    assert "a picture has two metrics" in (await edgemeter("plot", *words, "-m", "macs")).output
    few = await edgemeter(
        "plot", "learning", "tiny", "--model", "lut", "-t", measured.TARGET, "-o", tmp_path / "l.png"
    )
    assert "too few for a learning curve" in few.output
