"""Recipes: networks that are told by a code of a search space, and built where they are measured."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from edgemeter.targets import Precision, Target
from edgemeter.wire.base import Message, Reply, Sha256, Slug

#: What an agent can build: a space and its version, as in `hurricane/1`.
Builds = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,159}/[1-9][0-9]{0,8}$")]
CodeText = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[\x20-\x7e]+$")]
#: From texts to the sha256 that the recipe of each is known by.
Addresses: TypeAlias = Callable[[Iterable[str]], list[bytes]]
_NAME_SIGNS = 200


class RecipeKind(StrEnum):
    ARCHITECTURE = "architecture"  #: `text` is that of a whole architecture
    OPERATOR = "operator"  #: `text` is the key of an operator in its context


class Recipe(Message):
    """All that decides the bytes of a network of a space: the same recipe is the same file everywhere."""

    space: Slug
    version: Annotated[int, Field(ge=1, le=10**9 - 1)]
    kind: RecipeKind
    text: CodeText
    format: Literal["onnx", "tflite"]
    precision: Precision
    batch: Annotated[int, Field(ge=1, le=4096)] = 1

    def sha256(self) -> str:
        """Its identity, in hex: of its canonical JSON, not of the file that is built of it."""
        [digest] = _digests(_around_text(self), [self.text])
        return digest.hex()

    @property
    def builds(self) -> str:
        return f"{self.space}/{self.version}"

    @property
    def name(self) -> str:
        """For people, cut to the length of a label. An architecture's text names its space itself."""
        text = self.text if self.kind is RecipeKind.ARCHITECTURE else f"{self.space} {self.text}"
        return text[:_NAME_SIGNS]


def _around_text(recipe: Recipe) -> tuple[bytes, bytes]:
    """Its canonical JSON without the text. Within a value quotes are escaped, so that no other place fits."""
    written = _canonical(recipe.model_dump(mode="json") | {"text": ""}).encode()
    before, _, after = written.partition(b'"text":""')
    return before + b'"text":', after


def _digests(around: tuple[bytes, bytes], texts: Iterable[str]) -> list[bytes]:
    before, after = around
    return [hashlib.sha256(before + _canonical(text).encode() + after).digest() for text in texts]


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class FileKind:
    """What networks of a target are written as."""

    format: Literal["onnx", "tflite"]
    precision: Precision
    batch: int

    @classmethod
    def of(cls, target: Target, formats: Sequence[str]) -> "FileKind":
        """Reduced float precisions take the float file: their engines convert it."""
        precision = Precision.INT8 if target.precision is Precision.INT8 else Precision.FP32
        return cls("onnx" if "onnx" in formats else "tflite", precision, target.batch)

    def recipe(self, builds: Builds, kind: RecipeKind, text: str) -> Recipe:
        """Of what stands as `text` in the space and version that `builds` names."""
        space, _, version = builds.rpartition("/")
        return Recipe(
            space=space,
            version=int(version),
            kind=kind,
            text=text,
            format=self.format,
            precision=self.precision,
            batch=self.batch,
        )

    def addressing(self, builds: Builds, kind: RecipeKind) -> Addresses:
        """Found once, it is asked thousands of times."""
        return partial(_digests, _around(self, builds, kind))


@lru_cache(maxsize=256)
def _around(files: FileKind, builds: Builds, kind: RecipeKind) -> tuple[bytes, bytes]:
    """Searches ask thousands of times about the same target."""
    return _around_text(files.recipe(builds, kind, "-"))


class ResetRecipe(Reply):
    """`file_sha256` is no longer known to be the recipe's; `measurements` of it were deleted."""

    recipe: Sha256
    file_sha256: Sha256
    measurements: int


class LeasedRecipe(Reply):
    """`file_sha256` is that of the file which the first agent built; None before. Another is a defect."""

    recipe: Recipe
    file_sha256: Sha256 | None = None
