"""Numbers that were computed from samples, kept as what they are of them.

Most statistics of a measurement are one of its samples, the middle of two, their sum or mean. Such a
number is stored as its place among these candidates, a whole number of nanoseconds as that, any other as
its eight bytes. Whatever an agent computed comes back exactly; only the size depends on the guess.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgemeter.measurement import VisitDocument

#: How a number is stored. Higher codes are places among the candidates, from `_CANDIDATE` on.
EXACT, NANOSECONDS, _CANDIDATE = 0, 1, 2

_LARGEST = 2**53  #: up to here floats and integers are the same
_NEIGHBOURS = 2  #: so many floats away another order of summing may end


@dataclass(frozen=True, slots=True)
class Figures:
    """`codes` of all numbers in their order, `nanoseconds` and `exact` of those that have such a code."""

    codes: list[int]
    nanoseconds: list[int]
    exact: bytes


def encode(numbers: Iterable[float], visits: Sequence[VisitDocument]) -> Figures:
    places: dict[float, int] = {}
    for place, candidate in enumerate(_candidates(visits), _CANDIDATE):
        places.setdefault(candidate, place)
    codes, nanoseconds, exact = [], [], []
    for number in numbers:
        if (code := places.get(number)) is not None:
            codes.append(code)
        elif (whole := _whole_nanoseconds(number)) is not None:
            codes.append(NANOSECONDS)
            nanoseconds.append(whole)
        else:
            codes.append(EXACT)
            exact.append(number)
    return Figures(codes, nanoseconds, struct.pack(f"<{len(exact)}d", *exact))


def decode(figures: Figures, visits: Sequence[VisitDocument]) -> Iterator[float]:
    candidates = _candidates(visits) if max(figures.codes, default=0) >= _CANDIDATE else []
    exact = (number for (number,) in struct.iter_unpack("<d", figures.exact))
    nanoseconds = iter(figures.nanoseconds)
    for code in figures.codes:
        if code == EXACT:
            yield next(exact)
        elif code == NANOSECONDS:
            yield next(nanoseconds) / 1e6
        else:
            yield candidates[code - _CANDIDATE]


def _whole_nanoseconds(number_ms: float) -> int | None:
    if not 0 <= number_ms < _LARGEST / 1e6:
        return None
    whole = round(number_ms * 1e6)
    return whole if whole / 1e6 == number_ms else None


def _candidates(visits: Sequence[VisitDocument]) -> list[float]:
    """What statistics are likely to be, the likeliest first.

    Only operations that every machine rounds alike: what is written here is read elsewhere. Part of the
    stored format, hence never changed.
    """
    if not visits or not all(map(_plain, visits)):
        return [0.0]
    walls = [ns / visit.runs_per_sample / 1e6 for visit in visits for ns in visit.wall_ns]
    cpus = [ns / visit.runs_per_sample / 1e6 for visit in visits for ns in visit.cpu_ns]
    walls.sort()
    timed_s = sum(sum(visit.wall_ns) for visit in visits) / 1e9
    middles = [(low + high) / 2 for low, high in pairwise(walls)]
    return [0.0, timed_s, *_moments(walls), *walls, *middles, *sorted(cpus)]


def _plain(visit: VisitDocument) -> bool:
    # Beyond these bounds arithmetic is no longer exact, or fails.
    times = (*visit.wall_ns, *visit.cpu_ns)
    return 0 < visit.runs_per_sample < _LARGEST and all(-_LARGEST < ns < _LARGEST for ns in times)


def _moments(values: Sequence[float]) -> list[float]:
    """Of sorted values: mean, trimmed mean, deviations. Sums may be one of several neighbouring floats."""
    n = len(values)
    if n < 2:
        return []
    cut = int(0.1 * n)
    mean, middle = math.fsum(values) / n, _median(values)
    trimmed = math.fsum(values[cut : n - cut]) / (n - 2 * cut)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    absolute = _median(sorted(abs(value - middle) for value in values))
    return [absolute, *(near for guess in (mean, trimmed, deviation) for near in _near(guess))]


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _near(guess: float) -> Iterator[float]:
    low = guess
    for _ in range(_NEIGHBOURS):
        low = math.nextafter(low, -math.inf)
    for _ in range(2 * _NEIGHBOURS + 1):
        yield low
        low = math.nextafter(low, math.inf)
