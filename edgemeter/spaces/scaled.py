"""Spaces in which each layer has an operator and a channel factor: how their architectures are written."""

from edgemeter.spaces.chain import Chain
from edgemeter.spaces.space import CodeError, Codes


class Scaled(Chain):
    """The columns are all operators, then all factors; the text is `OPERATOR:FACTOR,...` by layer."""

    def words(self, codes: Codes) -> str:
        chosen = [column.choices[code] for column, code in zip(self.columns, codes, strict=True)]
        half = len(chosen) // 2
        return ",".join(map(":".join, zip(chosen[:half], chosen[half:], strict=True)))

    def split_words(self, text: str) -> tuple[str, ...]:
        pairs = [layer.strip().split(":") for layer in text.split(",")]
        if any(len(pair) != 2 for pair in pairs):
            raise CodeError(f"an architecture of {self.name} reads OPERATOR:FACTOR,... with one pair a layer")
        return (*(operator for operator, _ in pairs), *(factor for _, factor in pairs))
