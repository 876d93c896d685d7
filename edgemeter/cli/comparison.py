"""Two versions of a predictor on the terminal."""

from edgemeter.cli.output import data_console
from edgemeter.cli.predictors import accuracy_line
from edgemeter.cli.tables import print_document, print_facts, print_table
from edgemeter.cli.text import milliseconds
from edgemeter.measurement import Interval
from edgemeter.wire.predictors import ComparedNetwork, Comparison

_SHOWN = 10


def print_comparison(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        print_document("predictor-comparison", {"comparison": found.model_dump(mode="json")})
        return
    first, second = found.first, found.second
    data_console().print(f"{first.space} on {first.target}")
    rows = [row for row in _facts(found) if any(value is not None for value in row[1:])]
    print_table(("", f"version {first.number}", f"version {second.number}"), rows)
    if not found.networks:
        data_console().print("No network is measured there that neither was fitted on.")
        return
    print_facts(
        (
            ("they differ by", f"{found.difference_percent:.1f} % on average"),
            ("nearer", f"version {second.number} on {found.second_is_nearer} of {found.networks} networks"),
        )
    )
    print_table(
        ("where they differ most", "measured ms#", f"version {first.number}#", f"version {second.number}#"),
        map(_row, found.differing[:_SHOWN]),
    )


def _facts(found: Comparison) -> list[tuple[object, ...]]:
    pair = (found.first, found.second)
    return [
        ("predictor", *(each.id for each in pair)),
        ("answers", *(each.active for each in pair)),
        ("model", *(each.model for each in pair)),
        ("networks measured", *(each.networks for each in pair)),
        ("operators measured", *(each.operators for each in pair)),
        ("held out in turn", *(accuracy_line(each.cross_validated) for each in pair)),
        ("seen by neither", accuracy_line(found.first_accuracy), accuracy_line(found.second_accuracy)),
        ("fitted", *(each.created_at for each in pair)),
    ]


def _row(each: ComparedNetwork) -> tuple[str, ...]:
    return (
        each.architecture,
        milliseconds(each.measured_ms),
        _answer(each.first_ms, each.first_interval, each.measured_ms),
        _answer(each.second_ms, each.second_interval, each.measured_ms),
    )


def _answer(ms: float, interval: Interval, measured_ms: float) -> str:
    """With a mark where its interval missed."""
    missed = "" if interval.low_ms <= measured_ms <= interval.high_ms else " !"
    return f"{milliseconds(ms)}{missed}"
