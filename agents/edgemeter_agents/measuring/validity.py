"""Why a measurement is doubtful: each reason with a sentence for people and how to measure again."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Advice:
    """`invalidates`: the measurement is kept, with this reason, and never trains a predictor.
    Otherwise the reason is a flag beside a valid measurement."""

    invalidates: bool
    sentence: str
    remedy: str


class Reason(StrEnum):
    """The vocabulary that is stored, shown and filtered by."""

    THROTTLED = "throttled"
    CLOCK_MOVED = "clock_moved"
    THERMAL_GATE = "thermal_gate"
    THERMAL_UNKNOWN = "thermal_unknown"
    FALLBACK_PARTIAL = "fallback_partial"
    FALLBACK_FULL = "fallback_full"
    PLACEMENT_UNKNOWN = "placement_unknown"
    PRECISION_DIFFERS = "precision_differs"
    PRECISION_UNKNOWN = "precision_unknown"
    THREADS_DIFFER = "threads_differ"
    FOREIGN_LOAD = "foreign_load"
    CONTENDED = "contended"
    CONTENTION_UNKNOWN = "contention_unknown"
    CPU_TIME = "cpu_time"
    BATTERY_LOW = "battery_low"
    CHARGING_CHANGED = "charging_changed"
    PARSER_INCOMPLETE = "parser_incomplete"
    DRIFT = "drift"
    ANCHORS_DISAGREE = "anchors_disagree"
    ANCHOR_DRIFT = "anchor_drift"
    UNSTABLE_VISITS = "unstable_visits"
    UNCONVERGED = "unconverged"
    NOT_WARMED_UP = "not_warmed_up"

    @property
    def advice(self) -> Advice:
        return ADVICE[self]

    @property
    def invalidates(self) -> bool:
        return ADVICE[self].invalidates


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason as found in one measurement; `detail` gives its numbers. `remedy` takes the place of the
    reason's own where that has been followed already.
    """

    reason: Reason
    detail: str = ""
    remedy: str = ""

    @property
    def text(self) -> str:
        """For people, without numbers."""
        return f"{self.reason.advice.sentence} {self._remedy}"

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.reason.advice.sentence.removesuffix('.')}{detail}. {self._remedy}"

    @property
    def _remedy(self) -> str:
        return self.remedy or self.reason.advice.remedy


def is_valid(findings: Iterable[Finding]) -> bool:
    return not any(finding.reason.invalidates for finding in findings)


def _invalid(sentence: str, remedy: str) -> Advice:
    return Advice(True, sentence, remedy)


def _flag(sentence: str, remedy: str) -> Advice:
    return Advice(False, sentence, remedy)


ADVICE: dict[Reason, Advice] = {
    Reason.THROTTLED: _invalid(
        "The device lowered its clocks because of heat while the network ran.",
        "Let it cool, improve its cooling, or ask for the sustained latency instead.",
    ),
    Reason.CLOCK_MOVED: _invalid(
        "The processor's clock was not the same before, during and after the runs.",
        "Pin the clock (governor `performance` or `userspace`), then measure again.",
    ),
    Reason.THERMAL_GATE: _invalid(
        "The device did not reach its starting temperature in time.",
        "Let it cool for longer, or raise the device's starting temperature.",
    ),
    Reason.THERMAL_UNKNOWN: _flag(
        "The device tells no temperature, so that heat cannot be excluded.",
        "Compare a second session after a pause.",
    ),
    Reason.FALLBACK_PARTIAL: _invalid(
        "Part of the network ran on another processor than the one asked for.",
        "See which operators the layer table shows elsewhere, and replace or quantise them.",
    ),
    Reason.FALLBACK_FULL: _invalid(
        "The whole network ran on another processor than the one asked for.",
        "Check that the accelerator's driver works and supports the file's precision.",
    ),
    Reason.PLACEMENT_UNKNOWN: _flag(
        "The runtime does not tell where the operators ran; this counts as not accelerated.",
        "Use a runtime version that reports placement, or a hardware counter.",
    ),
    Reason.PRECISION_DIFFERS: _invalid(
        "The network ran in another precision than the one asked for.",
        "Ask for the precision that ran, or use a file in the precision that you want.",
    ),
    Reason.PRECISION_UNKNOWN: _flag(
        "The runtime does not tell in which precision the network ran.",
        "Compare its outputs or its latency with those of a runtime that tells.",
    ),
    Reason.THREADS_DIFFER: _invalid(
        "The network ran on another number of threads than the one asked for.",
        "Ask for the number that ran, or check the runtime's and the system's limits.",
    ),
    Reason.FOREIGN_LOAD: _invalid(
        "Other programs were busy when the measurement began or ended.",
        "Stop them and measure again.",
    ),
    Reason.CONTENDED: _invalid(
        "Other work took the processor away for more than 1 % of the time.",
        "Stop other programs, or allow real-time priority, and measure again.",
    ),
    Reason.CONTENTION_UNKNOWN: _flag(
        "The kernel does not tell whether other work took the processor away.",
        "Make sure that the device is idle, or use a kernel with scheduler statistics.",
    ),
    Reason.CPU_TIME: _flag(
        "The host was busy: CPU time, scaled by the anchors, stands in for wall time, with a wider interval.",
        "Measure again on an idle host for a wall time.",
    ),
    Reason.BATTERY_LOW: _invalid(
        "The battery was low, where devices save power.",
        "Charge the device and measure again.",
    ),
    Reason.CHARGING_CHANGED: _invalid(
        "The charger was connected or disconnected during the measurement.",
        "Leave it as it is and measure again.",
    ),
    Reason.PARSER_INCOMPLETE: _invalid(
        "The tool's output could not be read in full.",
        "Look into the raw log; report it if the tool's version is new.",
    ),
    Reason.DRIFT: _invalid(
        "The latency rose or fell steadily while the network ran.",
        "Let the device cool or settle, pin its clock, and measure again.",
    ),
    Reason.ANCHORS_DISAGREE: _invalid(
        "The batch's two anchor networks changed by different amounts: something disturbed it.",
        "Measure again; three such batches in a row make a new reference of the device.",
    ),
    Reason.ANCHOR_DRIFT: _invalid(
        "Both anchor networks were more than 10 % off the device's reference.",
        "Check clocks, power mode and cooling; three such batches in a row make a new reference.",
    ),
    Reason.UNSTABLE_VISITS: _flag(
        "The visits' medians lie further apart than one visit's samples explain.",
        "Ask for more visits, pin clock and processors, or quieten the host.",
    ),
    Reason.UNCONVERGED: _flag(
        "The median was not yet known to the protocol's precision when the sampling ended.",
        "Use the protocol `precise`, which samples until it is.",
    ),
    Reason.NOT_WARMED_UP: _flag(
        "The network did not run steadily before the longest warm-up ended.",
        "Pin the clock, quieten the host, or allow a longer warm-up.",
    ),
}
