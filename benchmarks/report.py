"""How a benchmark states its figures: what was measured, what was promised, and whether it holds."""

import json
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One figure. `promise` is the bound in words, `holds` None for figures that are only reported."""

    name: str
    value: str
    promise: str
    holds: bool | None


def within(name: str, value: float, low: float, high: float, unit: str = "") -> Figure:
    return Figure(name, f"{value:.3g}{unit}", f"{low:g} .. {high:g}{unit}", low <= value <= high)


def at_most(name: str, value: float, limit: float, unit: str) -> Figure:
    return Figure(name, f"{value:.3g}{unit}", f"<= {limit:g}{unit}", value <= limit)


def at_least(name: str, value: float, limit: float, unit: str = "") -> Figure:
    return Figure(name, f"{value:.5g}{unit}", f">= {limit:g}{unit}", value >= limit)


def reported(name: str, value: float, unit: str) -> Figure:
    return Figure(name, f"{value:.3g}{unit}", "reported", None)


def show(figures: Sequence[Figure]) -> None:
    marks = {True: "yes", False: "NO", None: "-"}
    print(f"\n{'figure':<72} {'measured':>12}  {'promised':<18} holds")
    for figure in figures:
        print(f"{figure.name:<72} {figure.value:>12}  {figure.promise:<18} {marks[figure.holds]}")


def machine() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def main(run: Callable[[], Sequence[Figure]]) -> None:
    """The command line of one benchmark: a table; with `--json` on stderr, and a document on stdout."""
    figures = run()
    if "--json" in sys.argv[1:]:
        with redirect_stdout(sys.stderr):
            show(figures)
        print(json.dumps({"machine": machine(), "figures": [asdict(figure) for figure in figures]}, indent=2))
    else:
        show(figures)
    sys.exit(0 if all(figure.holds is not False for figure in figures) else 1)
