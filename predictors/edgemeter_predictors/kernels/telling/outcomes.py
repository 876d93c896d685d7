"""What becomes of an operator when an engine fuses a network: the words of learnt rules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Own:
    """It begins a kernel of its own, in these layouts of its first input and of its result. `more` are
    kernels that the engine makes of it besides, each with the number of its inputs.
    """

    kind: str
    layouts: tuple[str, str] = ("", "")
    more: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """It is computed by the kernel that writes its input number `place`, which says `word` for it, if
    anything.
    """

    place: int
    word: str


@dataclass(frozen=True, slots=True)
class Share:
    """It is one more result of the kernel of an operator of its type that reads the same."""


@dataclass(frozen=True, slots=True)
class Pass:
    """No kernel does anything more for it: what reads it reads its input number `place`."""

    place: int = 0


Outcome = Own | Join | Share | Pass
