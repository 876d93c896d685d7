"""Targets: what a latency is a property of, and how one is named and chosen.

A slug reads device.processor.runtime-version.precision.tTHREADS.bBATCH, for example
`epyc-2c.cpu.onnxruntime-1.31.fp32.t1.b1`.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum


class Precision(StrEnum):
    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Target:
    """One way of running networks on one kind of device. A predictor belongs to exactly one.

    `runtime_version` is major.minor: a patch release does not make another target, though it is
    part of the fingerprint that every measurement carries.
    """

    device: str
    processor: str
    runtime: str
    runtime_version: str
    precision: Precision
    threads: int = 1
    batch: int = 1

    @property
    def slug(self) -> str:
        engine = f"{self.runtime}-{self.runtime_version}"
        return f"{self.device}.{self.processor}.{engine}.{self.precision}.t{self.threads}.b{self.batch}"


_SLUG = re.compile(
    r"(?P<device>.+)\.(?P<processor>[^.]+)\.(?P<runtime>[^.]+)-(?P<version>\d[^-]*)"
    rf"\.(?P<precision>{'|'.join(Precision)})\.t(?P<threads>\d+)\.b(?P<batch>\d+)"
)


def target_of(slug: str) -> Target | None:
    """The target that a slug names; None for one of another form."""
    found = _SLUG.fullmatch(slug)
    if found is None:
        return None
    return Target(
        device=found["device"],
        processor=found["processor"],
        runtime=found["runtime"],
        runtime_version=found["version"],
        precision=Precision(found["precision"]),
        threads=int(found["threads"]),
        batch=int(found["batch"]),
    )


@dataclass(frozen=True, slots=True)
class TargetSelector:
    """A user's choice of targets: any dot-separated words of a slug, in any order.

    `openvino`, `openvino.int8`, `litert.t2` and a whole slug are all selectors. What is not
    said stays open (None).
    """

    words: tuple[str, ...] = ()
    precision: Precision | None = None
    threads: int | None = None
    batch: int | None = None

    @classmethod
    def parse(cls, text: str) -> "TargetSelector":
        """Raises ValueError for empty text or a word that cannot be part of a slug."""
        selector = cls()
        # A version's dot (onnxruntime-1.31) must not split the word it belongs to.
        for word in re.split(r"\.(?!\d)", text.strip().lower()):
            if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", word):
                raise ValueError(f"{text!r} is not a target; `edgemeter targets` lists those of this machine")
            selector = selector._with_word(word)
        return selector

    def _with_word(self, word: str) -> "TargetSelector":
        if word in set(Precision):
            return replace(self, precision=Precision(word))
        if number := re.fullmatch(r"t(\d{1,4})", word):
            return replace(self, threads=int(number[1]))
        if number := re.fullmatch(r"b(\d{1,4})", word):
            return replace(self, batch=int(number[1]))
        return replace(self, words=(*self.words, word))

    def matches(self, target: Target) -> bool:
        engine = f"{target.runtime}-{target.runtime_version}"
        known = {target.device, target.processor, target.runtime, engine}
        return (
            known.issuperset(self.words)
            and self.precision in (None, target.precision)
            and self.threads in (None, target.threads)
            and self.batch in (None, target.batch)
        )
