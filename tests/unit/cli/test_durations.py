import click
import pytest

from edgemeter.cli.durations import DurationType, spoken


@pytest.mark.parametrize(
    ("written", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("1d", 86_400)]
)
def test_times_as_people_write_them(written: str, seconds: float) -> None:
    assert DurationType().convert(written, None, None) == seconds


@pytest.mark.parametrize("written", ["", "soon", "-5m", "5 weeks"])
def test_what_is_no_time_is_told(written: str) -> None:
    with pytest.raises(click.BadParameter, match="no time"):
        DurationType().convert(written, None, None)


def test_times_as_people_read_them() -> None:
    assert [spoken(each) for each in (0.4, 59.4, 200, 7500)] == ["0 s", "59 s", "3 min 20 s", "2 h 5 min"]
