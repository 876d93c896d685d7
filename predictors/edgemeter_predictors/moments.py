"""Sufficient statistics of a linear model on one-hot features: all it needs of data of any number.

Counting replaces the matrix of features: an entry of X'X is how often two entries are picked together, one
`bincount` for each pair of terms. Latencies enter as residuals of a fixed reference model, because the sum
of squared errors is the difference of two nearly equal sums where data are nearly additive: of
latencies it would keep no digit, of residuals it keeps all.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes
from edgemeter_predictors.terms import CHUNK, Term, chunks, entry_index, offsets

Array = NDArray[np.float64]

#: Eigenvalues of X'X below this share of the largest are rounding: no data speak of those directions.
NULL = 1e-12
#: Up to so many networks are counted one by one.
_FEW = 64


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Of `rows` networks: `gram` (D, D) counts, `reference` (D,) and `base` of y0 = base + X reference, and
    of the residuals r = y - y0: `xr` = X'r, `r_sum`, `rr` = r'r.
    """

    terms: tuple[Term, ...]
    rows: int
    gram: NDArray[np.int32]
    reference: Array
    base: float
    xr: Array
    r_sum: float
    rr: float

    def plus(self, codes: Codes, latency_ms: Array) -> "Moments":
        """These and more networks."""
        more = _about(self.terms, codes, latency_ms, self.reference, self.base)
        return replace(
            self,
            rows=self.rows + len(codes),
            gram=_more_counts(self.gram, self.terms, codes),
            xr=self.xr + more.xr,
            r_sum=self.r_sum + more.r_sum,
            rr=self.rr + more.rr,
        )

    def centred(self) -> "Centred":
        counts = np.diag(self.gram).astype(np.float64)
        share = counts / self.rows
        gram = self.gram - np.outer(counts, share)
        xr = self.xr - share * self.r_sum
        return Centred(
            rows=self.rows,
            mean_x=share,
            mean_y=float(self.base + share @ self.reference + self.r_sum / self.rows),
            gram=gram,
            xy=xr + gram @ self.reference,
            reference=self.reference,
            xr=xr,
            rr=max(self.rr - self.r_sum**2 / self.rows, 0.0),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Centred:
    """The same about the means, as scikit-learn centres: `gram` = X'X, `xy` = X'y, `xr` = X'r, `rr` = r'r."""

    rows: int
    mean_x: Array
    mean_y: float
    gram: Array
    xy: Array
    reference: Array
    xr: Array
    rr: float

    @property
    def yy(self) -> float:
        """The centred latencies' sum of squares."""
        return float(self.rr + self.reference @ (self.xr + self.xy))

    def eigen(self) -> tuple[Array, Array]:
        """Eigenvalues (D,), rounding set to 0, and eigenvectors in columns."""
        values, vectors = np.linalg.eigh(self.gram)
        values = np.where(values > NULL * max(values[-1], 0.0), values, 0.0)
        return values, vectors

    def least_squared_errors(self, values: Array, vectors: Array) -> float:
        """What the best linear model leaves."""
        along = vectors.T @ self.xr
        seen = values > 0
        return max(self.rr - float(np.square(along[seen]) @ (1 / values[seen])), 0.0)


def moments(terms: tuple[Term, ...], codes: Codes, latency_ms: Array) -> Moments:
    """The statistics of n > 0 networks, about the least squares of some of them."""
    some = slice(None, None, max(1, len(codes) // CHUNK))
    gram = _counts(terms, codes[some])
    reference, base = _least_squares(terms, codes[some], latency_ms[some], gram)
    if some.step > 1:
        gram = _counts(terms, codes)
    residuals = _about(terms, codes, latency_ms, reference, base)
    return Moments(terms, len(codes), gram, reference, base, *residuals)


def _least_squares(
    terms: tuple[Term, ...], codes: Codes, latency_ms: Array, gram: NDArray[np.int32]
) -> tuple[Array, float]:
    base = float(np.mean(latency_ms))
    nothing = np.zeros(len(gram))
    rough = _about(terms, codes, latency_ms, nothing, base)
    centred = Moments(terms, len(codes), gram, nothing, base, *rough).centred()
    ridge = 1e-9 * np.trace(centred.gram) / len(gram) + np.finfo(np.float64).tiny
    reference = np.linalg.solve(centred.gram + ridge * np.eye(len(gram)), centred.xy)
    return reference, float(centred.mean_y - centred.mean_x @ reference)


class _Residuals(NamedTuple):
    xr: Array
    r_sum: float
    rr: float


def _about(
    terms: tuple[Term, ...], codes: Codes, latency_ms: Array, reference: Array, base: float
) -> _Residuals:
    xr, r_sum, rr = np.zeros(len(reference)), 0.0, 0.0
    for rows in chunks(len(codes)):
        entries = entry_index(terms, codes[rows])
        residual = latency_ms[rows] - base
        if reference.any():
            for entry in entries.T:
                residual -= reference.take(entry)
        for entry in entries.T:
            xr += np.bincount(entry, residual, len(xr))
        r_sum += float(residual.sum())
        rr += float(residual @ residual)
    return _Residuals(xr, r_sum, rr)


def _more_counts(gram: NDArray[np.int32], terms: tuple[Term, ...], codes: Codes) -> NDArray[np.int32]:
    if len(codes) > _FEW:
        return gram + _counts(terms, codes)
    more = gram.copy()
    for entries in entry_index(terms, codes):
        more[np.ix_(entries, entries)] += 1
    return more


def _counts(terms: tuple[Term, ...], codes: Codes) -> NDArray[np.int32]:
    """X'X: the blocks above the diagonal are counted, those below are their mirror."""
    starts = offsets(terms)
    gram = np.zeros((starts[-1], starts[-1]), np.int32)
    lengths = [term.entries for term in terms]
    for rows in chunks(len(codes)):
        index = [term.index(codes[rows]) for term in terms]
        joint = np.empty_like(index[0])
        for n, entry in enumerate(index):
            own = slice(starts[n], starts[n + 1])
            gram[own, own].flat[:: lengths[n] + 1] += np.bincount(entry, minlength=lengths[n]).astype(
                np.int32
            )
            for m in range(n + 1, len(index)):
                np.multiply(entry, lengths[m], out=joint)
                np.add(joint, index[m], out=joint)
                counts = np.bincount(joint, minlength=lengths[n] * lengths[m])
                gram[own, starts[m] : starts[m + 1]] += counts.reshape(lengths[n], -1).astype(np.int32)
    return gram + np.triu(gram, 1).T
