"""The answer of `edgemeter compare`, from a report and in words."""

from edgemeter.cli.text import plain
from edgemeter.measurement import MeasurementReport
from edgemeter_agents.measuring.compare import Comparison, Verdict, compare

_WORDS = {
    Verdict.FASTER: "is faster than",
    Verdict.SLOWER: "is slower than",
    Verdict.SAME: "takes as long as",
}
NAME_LIMIT = 60


def compared(report: MeasurementReport) -> Comparison | None:
    """The first network against the second, by the medians of their visits; None where one failed."""
    a, b = (measurement.latency for measurement in report.measurements)
    if a is None or b is None:
        return None
    # A contended visit is left out on one side alone; the rest stay in their order.
    pairs = min(len(a.visits_ms), len(b.visits_ms))
    return compare(a.visits_ms[:pairs], b.visits_ms[:pairs])


def sentence(comparison: Comparison | None, a: str, b: str) -> str:
    if comparison is None:
        return "Not compared: one of them could not be measured."
    low, high = comparison.interval.low, comparison.interval.high
    ratio = f"B/A = {comparison.ratio:.3f}, 95 % interval {low:.3f} .. {high:.3f}, {comparison.pairs} visits"
    if comparison.verdict is Verdict.UNKNOWN:
        return f"Cannot tell which is faster ({ratio}). More --visits or a quieter machine may decide it."
    return f"{plain(b, NAME_LIMIT)} {_WORDS[comparison.verdict]} {plain(a, NAME_LIMIT)} ({ratio})."
