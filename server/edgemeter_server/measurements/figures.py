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
from edgemeter_server.measurements.packing import signed, unsigned

#: How a number is stored. Higher codes are places among the candidates, from `_CANDIDATE` on.
EXACT, NANOSECONDS, _CANDIDATE = 0, 1, 2

_LARGEST = 2**53  #: up to here floats and integers are the same
_NEIGHBOURS = 2  #: so many floats away another order of summing may end


#: What code to expect of the numbers of a latency and its metrics, in their order: the first of each pair,
#: and so many parts of the number of samples. Only how far off a code is gets stored.
_FIRST_WALL = 20
_USUAL = (
    *(
        (_FIRST_WALL, part) for part in (0.25, 1.5, 2.25, 0.0)
    ),  # quartile, median, quartile of CPU time, minimum
    (_FIRST_WALL - 1, 1.0),
    *((place, 0.0) for place in (7, 17, 4, 12)),  # mean, standard and absolute deviation, trimmed mean
    *((_FIRST_WALL, part) for part in (0.05, 0.1, 0.25, 0.75, 0.9, 0.95, 0.35, 0.65, 0.25, 0.25, 0.25)),
    *((place, 0.0) for place in (3, 2, 2, 1, 1, 1)),  # timed, disturbance, shrinkage, metrics
)


@dataclass(frozen=True, slots=True)
class Figures:
    """`surprises`: how far the codes of all numbers, in their order, are from what was to be expected;
    `nanoseconds` and `exact` are of those that have such a code.
    """

    surprises: list[int]
    nanoseconds: list[int]
    exact: bytes


def encode(numbers: Iterable[float], visits: Sequence[VisitDocument]) -> Figures:
    candidates = _candidates(visits)
    # Of equal candidates the first is the one that stays.
    places = dict(zip(reversed(candidates), range(len(candidates) + _CANDIDATE - 1, 0, -1), strict=False))
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
    surprises = [unsigned(code - usual) for code, usual in zip(codes, _usual(codes, visits), strict=True)]
    return Figures(surprises, nanoseconds, struct.pack(f"<{len(exact)}d", *exact))


def decode(figures: Figures, visits: Sequence[VisitDocument]) -> Iterator[float]:
    """Raises ValueError where there are more or fewer exact numbers than codes of them."""
    expected = zip(figures.surprises, _usual(figures.surprises, visits), strict=True)
    codes = [signed(surprise) + usual for surprise, usual in expected]
    if len(figures.exact) != 8 * codes.count(EXACT):
        raise ValueError("samples without their numbers")
    candidates = _candidates(visits) if max(codes, default=0) >= _CANDIDATE else []
    exact = (number for (number,) in struct.iter_unpack("<d", figures.exact))
    nanoseconds = iter(figures.nanoseconds)
    for code in codes:
        if code == EXACT:
            yield next(exact)
        elif code == NANOSECONDS:
            yield next(nanoseconds) / 1e6
        else:
            yield candidates[code - _CANDIDATE]


def _usual(numbers: Sequence[object], visits: Sequence[VisitDocument]) -> list[int]:
    samples = sum(len(visit.wall_ns) for visit in visits)
    usual = [place + int(part * samples) for place, part in _USUAL[: len(numbers)]]
    return usual + [EXACT] * (len(numbers) - len(usual))


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
    times = (0, *visit.wall_ns, *visit.cpu_ns)
    return 0 < visit.runs_per_sample < _LARGEST and min(times) > -_LARGEST and max(times) < _LARGEST


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
