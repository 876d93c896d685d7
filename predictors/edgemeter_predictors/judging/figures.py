"""What errors and coverage are stated in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """Percentages are of the measured latency. Rank correlations are NaN where all networks tie, or one
    stands alone. `networks` is how many were judged.
    """

    networks: int
    mape_percent: float
    rmse_ms: float
    within_5_percent: float
    within_10_percent: float
    spearman: float
    kendall: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of intervals at a nominal `level`. An infinite or undefined interval is a miss, and has no width.

    `score_percent` is the interval score (Gneiting and Raftery 2007, eq. 43) as a share of the measured
    latency: the width, plus 2 / (1 - level) times what a miss is out by. Lower is better; it rewards
    neither luck nor caution.
    """

    level: float
    networks: int
    coverage_percent: float
    width_percent: float
    score_percent: float
