"""One-hot features of codes, as terms: a column each, or each pair of columns as well."""

from itertools import combinations
from math import prod
from typing import Literal

from edgemeter.spaces.space import Space
from edgemeter_predictors.contract import NotApplicable
from edgemeter_predictors.terms import Term, column_terms

Features = Literal["columns", "pairs"]

#: Models of one-hot features solve dense systems of this size: seconds, and 32 MB.
MOST_FEATURES = 2_048


def one_hot_terms(space: Space, features: Features) -> tuple[Term, ...]:
    """Raises NotApplicable where the space has too many."""
    columns = column_terms(space)
    pairs = combinations(columns, 2) if features == "pairs" else ()
    terms = (*columns, *(_pair(one, other) for one, other in pairs))
    count = sum(prod(term.shape) for term in terms)
    if count > MOST_FEATURES:
        raise NotApplicable(f"{space.name} has {count} one-hot features of {features}, over {MOST_FEATURES}")
    return terms


def _pair(one: Term, other: Term) -> Term:
    return Term((*one.columns, *other.columns), (*one.shape, *other.shape), -1)
