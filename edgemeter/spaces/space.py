"""What every search space is: columns of codes, the operators they choose, and how to build one.

An architecture is a row of `uint8` codes, one for each column; many architectures are one array
(n, columns), best kept column-major (Fortran order). Which operator stands at a layer is decided by
the codes of at most a few columns (`Layer.columns`): one for a plain choice, two or three where
channel factors change what goes in and out. That one table per layer is all that costs, lookup
tables and predictors need: a quantity of an architecture is a sum (or a maximum) over its layers of
a table indexed by codes.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgemeter.failures import EdgeMeterError
from edgemeter.networks.network import Network

Codes = NDArray[np.uint8]  #: (columns,) or (n, columns)
NOTHING = -1  #: in `Layer.placed`: no operator stands there, and none costs anything


@dataclass(frozen=True, slots=True)
class Column:
    """One decision. A code is a position in `choices`, whose words are readable and unique."""

    name: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Where an operator stands: the map that goes in, the channels that come out, and the stride."""

    height: int
    width: int
    channels_in: int
    channels_out: int
    stride: int

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels_in}->{self.channels_out}|s{self.stride}"


@dataclass(frozen=True, slots=True)
class Placed:
    """One distinct operator in one context: what a lookup table has a row for.

    `key` reads `OPERATOR|HxWxCin->Cout|sSTRIDE` and is unique in a space. `family` and `stage` say what it
    shares with others (MB, SEP, ...; the stage by resolution), for models that pool what is alike.
    """

    operator: str
    context: Context
    family: str
    stage: str

    @property
    def key(self) -> str:
        return f"{self.operator}|{self.context}"


@dataclass(frozen=True, slots=True)
class Layer:
    """A place in the network. `placed` has one axis for each of `columns`, in their order, as long as
    that column has choices; its entries are positions in `Space.placed`, or NOTHING. A fixed part (stem,
    tail) has no columns and a `placed` without axes.
    """

    name: str
    columns: tuple[int, ...]
    placed: NDArray[np.int32]


class Space(ABC):
    """A search space.

    `name` and `version` enter every stored code: a change that makes a code mean another network
    is a new version. Attributes are immutable and computed once.
    """

    name: str
    version: int
    columns: tuple[Column, ...]
    placed: tuple[Placed, ...]  #: every distinct operator in context, fixed parts included
    layers: tuple[Layer, ...]  #: in the order of the network, fixed parts included
    chained: bool = False  #: each layer takes what the one before gives, and nothing else is kept in memory

    @abstractmethod
    def build(self, codes: Codes, batch: int = 1) -> Network:
        """The whole network of one architecture, a row of `columns` codes.

        Raises CodeError where the codes are not of this space.
        """

    @abstractmethod
    def build_placed(self, position: int, batch: int = 1) -> Network:
        """The stand-alone network of one operator in its context, `placed[position]`: the input is the
        context's map, the output the operator's.
        """

    def canonical(self, codes: Codes) -> Codes:
        """The same architectures, each written as the one code that stands for all that build the same
        network: codes of decisions that do not reach the network are 0. (n, columns) to (n, columns).
        """
        return codes

    @property
    def written_once(self) -> bool:
        """No two codes build the same network: `canonical` leaves all as they are."""
        return type(self).canonical is Space.canonical

    def words(self, codes: Codes) -> str:
        """One architecture (a row of codes) as people write it."""
        chosen = zip(self.columns, codes.tolist(), strict=True)
        return self.join_words([column.choices[code] for column, code in chosen])

    def join_words(self, words: Sequence[str]) -> str:
        """One text of the words of an architecture's choices, one for each column: here with commas."""
        return ",".join(words)

    def split_words(self, text: str) -> Sequence[str]:
        """What `join_words` joined. CodeError where the text has another form."""
        return list(map(str.strip, text.split(",")))

    @cached_property
    def head(self) -> str:
        """What every stored text of an architecture begins with."""
        return f"{self.name}@{self.version}:"

    @cached_property
    def codes_by_word(self) -> tuple[Mapping[str, int], ...]:
        """Of each column."""
        return tuple({word: code for code, word in enumerate(each.choices)} for each in self.columns)

    def compiled(self, codes: Codes) -> Mapping[str, Codes]:
        """What compilers may leave of the same architectures, by a word for what they do: (n, columns)
        codes each, in which a decision that costs nothing any more is 0. Compilers differ, and only data tell
        which of these a target's runtime is like, or whether it runs everything as written.
        """
        return {"pruned": self.canonical(codes)}

    def computes(self, codes: Codes) -> NDArray[np.bool_]:
        """(n,): whether an architecture has a network at all, in which the output depends on the input."""
        return np.ones(len(codes), dtype=bool)

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """Groups of `placed` for models that pool what is alike: one word for each position."""
        return {
            "stage": tuple(each.stage for each in self.placed),
            "family": tuple(each.family for each in self.placed),
            "operator": tuple(each.operator for each in self.placed),
        }


class CodeError(EdgeMeterError, ValueError):
    """Codes that are not of this space. Says which row and column, and what would be right."""
