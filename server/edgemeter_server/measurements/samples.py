"""Raw ordered samples of all visits, with the numbers that were computed from them, in one blob.

A version, then the columns of packing.py: the visits' shapes, what the numbers are of them (figures.py), wall
time, CPU time over it, delay and warm-up of all visits one after the other, numbers that are whole
nanoseconds; then the numbers that are none of all this, eight bytes each. See docs/measurements.md.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, islice, zip_longest

from edgemeter.measurement import VisitDocument
from edgemeter_server.measurements import figures, packing
from edgemeter_server.measurements.figures import Figures

_VERSION = b"\x01"
_SHAPE = 6  #: integers for each visit


def encode(visits: Sequence[VisitDocument], numbers: Iterable[float]) -> bytes:
    return encode_all([(visits, numbers)])[0]


def encode_all(measured: Sequence[tuple[Sequence[VisitDocument], Iterable[float]]]) -> list[bytes]:
    """`encode` of each: their columns are packed together."""
    coded = [figures.encode(numbers, visits) for visits, numbers in measured]
    columns = [_columns(visits, each) for (visits, _), each in zip(measured, coded, strict=True)]
    packed = packing.pack_many(columns)
    return [_VERSION + content + each.exact for content, each in zip(packed, coded, strict=True)]


def decode(content: bytes) -> tuple[tuple[VisitDocument, ...], list[float]]:
    """Raises ValueError for content that `encode` did not write."""
    if content[:1] != _VERSION:
        raise ValueError("samples of an unknown version")
    (shapes, surprises, *times, nanoseconds), exact = packing.unpack(content[1:])
    visits = _visits(shapes, times)
    return visits, list(figures.decode(Figures(surprises, nanoseconds, exact), visits))


def _columns(visits: Sequence[VisitDocument], coded: Figures) -> packing.Columns:
    return (
        _shapes(visits),
        coded.surprises,
        _chained(visit.wall_ns for visit in visits),
        _chained(map(_over_wall, visits)),
        _chained(visit.delay_ns for visit in visits),
        _chained(visit.warmup_wall_ns for visit in visits),
        coded.nanoseconds,
    )


def _chained(parts: Iterable[Iterable[int]]) -> list[int]:
    return list(chain.from_iterable(parts))


def _shapes(visits: Sequence[VisitDocument]) -> list[int]:
    """Each after the first as what is other than in the one before: mostly nothing."""
    shapes = [_shape(visit) for visit in visits]
    before = [(0,) * _SHAPE, *shapes]
    return [
        number - last
        for pair in zip(shapes, before, strict=False)
        for number, last in zip(*pair, strict=True)
    ]


def _shape(visit: VisitDocument) -> tuple[int, ...]:
    n = len(visit.wall_ns)
    others = (len(visit.cpu_ns) - n, len(visit.delay_ns) - n, len(visit.warmup_wall_ns))
    return (n, *others, int(visit.realtime), visit.runs_per_sample)


def _over_wall(visit: VisitDocument) -> Iterable[int]:
    # CPU time follows wall time closely: their difference is shorter than either.
    walls = visit.wall_ns[: len(visit.cpu_ns)]
    return (cpu - wall for cpu, wall in zip_longest(visit.cpu_ns, walls, fillvalue=0))


def _visits(shapes: Sequence[int], times: Sequence[Sequence[int]]) -> tuple[VisitDocument, ...]:
    walls, overs, delays, warm_ups = map(iter, times)
    visits, shape = [], [0] * _SHAPE
    for at in range(0, len(shapes), _SHAPE):
        shape = [last + more for last, more in zip(shape, shapes[at : at + _SHAPE], strict=True)]
        n, more_cpu, more_delay, n_warm_up, realtime, runs = shape
        wall = tuple(islice(walls, n))
        over = islice(overs, n + more_cpu)
        visit = VisitDocument.model_construct(
            runs_per_sample=runs,
            realtime=bool(realtime),
            wall_ns=wall,
            cpu_ns=tuple(more + ns for more, ns in zip_longest(over, wall[: n + more_cpu], fillvalue=0)),
            delay_ns=tuple(islice(delays, n + more_delay)),
            warmup_wall_ns=tuple(islice(warm_ups, n_warm_up)),
        )
        visits.append(visit)
    return tuple(visits)
