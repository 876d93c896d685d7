"""What a node of an engine's graph writes, in the words of `edgemeter.kernels`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """`results` and `layouts` of a `Kernel`."""

    results: tuple[str, ...] = ()
    layouts: tuple[str, str] = ("", "")
