"""The answer of `edgemeter check`, as an exit code and in words."""

from edgemeter.cli.exits import Exit
from edgemeter.measurement import Measurement
from edgemeter_agents.measuring.compare import LimitVerdict, against_limit
from edgemeter_agents.measuring.statistics import Interval

_EXITS = {
    LimitVerdict.WITHIN: Exit.OK,
    LimitVerdict.ABOVE: Exit.ABOVE,
    LimitVerdict.UNDECIDED: Exit.UNDECIDED,
}


def judge(measurement: Measurement, limit_ms: float) -> Exit:
    """An invalid measurement decides nothing: it counts as not measured."""
    if measurement.latency is None or not measurement.validity.valid:
        return Exit.FAILED
    interval = measurement.latency.interval
    return _EXITS[against_limit(Interval(interval.low_ms, interval.high_ms), limit_ms)]


def sentence(verdict: Exit, limit_ms: float) -> str:
    match verdict:
        case Exit.OK:
            return f"Within: the whole interval is below {limit_ms:g} ms."
        case Exit.ABOVE:
            return f"Above: the whole interval is over {limit_ms:g} ms."
        case Exit.UNDECIDED:
            return f"Undecided: {limit_ms:g} ms lies inside the interval. A quieter machine may decide it."
        case _:
            return "Not checked: there is no valid measurement."
