"""Features of the hierarchical model: how the table's sum divides over groups of operators."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import Codes, Space
from edgemeter_predictors.terms import entry_index, layer_terms, spread_placed

#: The group of each operator for itself: what `Space.labels` need not name.
OPERATOR_IN_CONTEXT = "operator in context"


@dataclass(frozen=True, slots=True)
class Groups:
    """`names`, coarse to fine; `member` (placed, groups): the feature of each operator in each group.
    Feature 0 is the whole; the last one, `overhead`, is the same milliseconds in every network.
    `group_of` (m - 2,) says which group the features between belong to.
    """

    names: tuple[str, ...]
    member: NDArray[np.int32]
    group_of: NDArray[np.intp]

    @property
    def overhead(self) -> int:
        return len(self.group_of) + 1

    @property
    def features(self) -> int:
        return len(self.group_of) + 2


def groups_of(space: Space) -> Groups:
    """The space's labels that divide its operators at all, and each operator for itself."""
    labels = {**space.labels, OPERATOR_IN_CONTEXT: tuple(placed.key for placed in space.placed)}
    names: list[str] = []
    members: list[NDArray[np.intp]] = []
    group_of = np.empty(0, np.intp)
    for name, words in labels.items():
        different, member = np.unique(np.array(words), return_inverse=True)
        if len(different) > 1:
            members.append(1 + len(group_of) + member.reshape(-1))
            group_of = np.append(group_of, np.full(len(different), len(names)))
            names.append(name)
    columns = np.array(members, np.int32).reshape(len(members), len(space.placed))
    return Groups(tuple(names), columns.T.copy(), group_of.astype(np.intp))


def group_sums(
    space: Space, groups: Groups, table_ms: NDArray[np.float64], codes: Codes
) -> NDArray[np.float64]:
    """(n, m) milliseconds: the table's sum, what each feature's operators have in it, 1 for the overhead."""
    index, weight = entry_features(space, groups, table_ms)
    sums = np.zeros((len(codes), groups.features))
    sums[:, groups.overhead] = 1.0
    row = np.arange(len(codes))
    for entry in entry_index(layer_terms(space), codes).T:
        for group in range(index.shape[1]):
            sums[row, index[entry, group]] += weight[entry, group]
    return sums


def entry_features(
    space: Space, groups: Groups, table_ms: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Two arrays (entries, 1 + groups) for `Spread`: an entry's features, and its milliseconds in each."""
    whole = np.zeros((len(space.placed), 1), np.int32)
    members = np.hstack([whole, groups.member])
    index = spread_placed(space, members.astype(np.float64)).astype(np.int32)
    weight = spread_placed(space, table_ms)
    return index, np.repeat(weight[:, None], index.shape[1], axis=1)
