"""Spaces in which each layer has an operator and a channel factor: how their architectures are written."""

from collections.abc import Sequence

from edgemeter.spaces.chain import Chain
from edgemeter.spaces.space import CodeError


class Scaled(Chain):
    """The columns are all operators, then all factors; the text is `OPERATOR:FACTOR,...` by layer."""

    def join_words(self, words: Sequence[str]) -> str:
        half = len(words) // 2
        return ",".join(map(":".join, zip(words[:half], words[half:], strict=True)))

    def split_words(self, text: str) -> Sequence[str]:
        pairs = [layer.strip().split(":") for layer in text.split(",")]
        if any(len(pair) != 2 for pair in pairs):
            raise CodeError(f"an architecture of {self.name} reads OPERATOR:FACTOR,... with one pair a layer")
        return (*(operator for operator, _ in pairs), *(factor for _, factor in pairs))
