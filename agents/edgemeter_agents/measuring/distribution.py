"""The distribution of one job's samples, all visits together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Self

from edgemeter_agents.measuring.confidence import guarded_interval
from edgemeter_agents.measuring.statistics import (
    Interval,
    Outliers,
    median_absolute_deviation,
    outliers,
    pooled_median,
    pooled_quantile,
    trimmed_mean,
)

#: The percentiles that are told, and from how many samples on.
PERCENTILES = {5: 1, 10: 1, 25: 1, 75: 1, 90: 1, 95: 1, 99: 500}


@dataclass(frozen=True, slots=True)
class Distribution:
    """Latencies per invocation in ms. A batched sample counts once, as the mean of its runs, so
    that the tails of networks below 0.1 ms are those of batches.

    `median`, percentiles and their interval treat visits as equals; moments and outliers count samples.
    """

    n: int
    median: float
    minimum: float
    maximum: float
    mean: float
    trimmed_mean: float  #: without the lowest and highest 10 %
    deviation: float  #: standard deviation; 0 for a single sample
    median_absolute_deviation: float
    percentiles: dict[int, float]  #: nearest rank; 99 only from 500 samples on
    outliers: Outliers
    confidence: Interval  #: 95 % of the median within this session, autocorrelation guarded
    visit_medians: tuple[float, ...]

    @classmethod
    def of(cls, visits: Sequence[Sequence[float]]) -> Self:
        """From each visit's latencies in their order; every visit has at least one."""
        values = [value for visit in visits for value in visit]
        return cls(
            n=len(values),
            median=pooled_median(visits),
            minimum=min(values),
            maximum=max(values),
            mean=fmean(values),
            trimmed_mean=trimmed_mean(values),
            deviation=stdev(values) if len(values) > 1 else 0.0,
            median_absolute_deviation=median_absolute_deviation(values),
            percentiles={
                p: pooled_quantile(visits, p / 100)
                for p, least in PERCENTILES.items()
                if len(values) >= least
            },
            outliers=outliers(values),
            confidence=guarded_interval(values),
            visit_medians=tuple(median(visit) for visit in visits),
        )

    @property
    def coefficient_of_variation(self) -> float:
        return self.deviation / self.mean if self.mean else 0.0

    @property
    def relative_half_width(self) -> float:
        """Of the confidence interval, as a share of the median."""
        return self.confidence.half_width / self.median if self.median else math.inf

    @property
    def relative_range(self) -> float:
        """How far the visits' medians lie apart, as a share of the median."""
        return (max(self.visit_medians) - min(self.visit_medians)) / self.median if self.median else 0.0
