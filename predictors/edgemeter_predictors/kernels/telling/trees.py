"""Grows a decision tree that says of every row seen what became of it.

An engine decides the same way each time, so trees are grown until they are right. Where several questions
tell rows apart equally well the first in the order of the features is asked: which, in rows that nobody has
seen, decides whether the rule is the engine's. (scikit-learn's trees draw one of them.)
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: A feature: a number, which questions compare, or a text, which they recognise.
Value = float | str
#: The number of an answer; or a feature, what it is held against, and the trees where it is that text (or is
#: not larger than that number) and where it is not.
Tree = int | tuple[str, str | float, "Tree", "Tree"]

_Question = tuple[str, str | float]
#: No tree of a campaign comes near it.
_DEEPEST: Final = 64
_Bools = NDArray[np.bool_]
#: Bits that a question must tell; below, sums of rounding.
_LEAST_BITS = 1e-9


def grown(rows: Sequence[Mapping[str, Value]], answers: Sequence[int]) -> Tree:
    """`answers` are outcomes' numbers, of each row."""
    asked, yes = _asked(rows)
    counts = Counter(name for name, _ in asked)
    cost = np.log2([1 + counts[name] for name, _ in asked])
    numbers, place = np.unique(answers, return_inverse=True)
    return _grow(asked, yes, cost, np.eye(len(numbers))[place], numbers)


def answer(tree: Tree, values: Mapping[str, Value]) -> int:
    while not isinstance(tree, int):
        name, test, yes, no = tree
        value = values[name]
        here = value == test if isinstance(test, str) else float(value) <= test
        tree = yes if here else no
    return tree


def recognised(tree: Tree) -> set[str]:
    """The features whose texts it asks for."""
    if isinstance(tree, int):
        return set()
    name, test, yes, no = tree
    return recognised(yes) | recognised(no) | ({name} if isinstance(test, str) else set())


def tree_of(document: Any, answers: int, depth: int = 0) -> Tree:
    """From JSON. Raises ValueError or TypeError for what is no tree of that many answers."""
    if isinstance(document, int):
        if not 0 <= document < answers:
            raise ValueError(f"there is no answer {document}")
        return document
    if depth > _DEEPEST:
        raise ValueError("a tree is too deep")
    name, test, yes, no = document
    value = test if isinstance(test, str) else float(test)
    return str(name), value, tree_of(yes, answers, depth + 1), tree_of(no, answers, depth + 1)


def _grow(
    asked: Sequence[_Question],
    yes: _Bools,
    cost: NDArray[np.float64],
    outcomes: NDArray[np.float64],
    numbers: NDArray[np.intp],
) -> Tree:
    """`yes` (questions, rows), `cost` (questions,), `outcomes` (rows, numbers) one-hot. Of a feature of many
    questions one always fits: what it takes to say which it was is no gain.
    """
    total = outcomes.sum(axis=0)
    if np.count_nonzero(total) > 1 and len(asked):
        within = yes @ outcomes
        bits = _bits(total[None])[0] - _bits(within) - _bits(total - within)
        gain = np.where(bits > _LEAST_BITS, bits - cost, -np.inf)
        best = int(np.argmax(gain >= gain.max() - _LEAST_BITS))
        if np.isfinite(gain[best]):
            here = yes[best]
            left, right = (
                _grow(asked, yes[:, rows], cost, outcomes[rows], numbers) for rows in (here, ~here)
            )
            return *asked[best], left, right
    return int(numbers[total.argmax()])


def _bits(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) of n rows of counts: how many bits say which each is of."""
    sums = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, sums, out=np.ones_like(counts), where=counts > 0)
    return np.asarray(-(counts * np.log2(shares)).sum(axis=1))


def _asked(rows: Sequence[Mapping[str, Value]]) -> tuple[list[_Question], _Bools]:
    """Whether a feature is one of its texts, or is not larger than halfway between two of its numbers; and
    (questions, rows) of answers. A text that a row lacks is empty.
    """
    asked: list[_Question] = []
    yes = [np.zeros((0, len(rows)), bool)]
    for name in dict.fromkeys(name for row in rows for name in row):
        values = np.array([row.get(name, "") for row in rows])
        known = np.unique(values)
        if values.dtype.kind == "U":
            tests = known if len(known) > 1 else known[:0]
            yes.append(values == tests[:, None])
        else:
            tests = (known[:-1] + known[1:]) / 2
            yes.append(values <= tests[:, None])
        asked += [(name, test) for test in tests.tolist()]
    return asked, np.vstack(yes)
