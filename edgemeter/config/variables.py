"""Settings from environment variables: EDGEMETER_<SECTION>_<FIELD>."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from edgemeter.config.origins import Given, Layer, Origin, Rank

_PREFIX = "EDGEMETER_"
_SEVERAL = (list, tuple, set, frozenset, dict)


@dataclass(frozen=True, slots=True)
class Variable:
    """Put into a field's `Annotated`: a second, shorter variable that sets it too."""

    name: str


def names_of(section: str, field: str, info: FieldInfo) -> tuple[str, ...]:
    """The variables of one field; the first that is set counts."""
    own = f"{section_prefix(section)}{field.upper()}"
    return (own, *(mark.name for mark in info.metadata if isinstance(mark, Variable)))


def section_prefix(section: str) -> str:
    return f"{_PREFIX}{section.upper().replace('-', '_')}_"


def from_environment(model: type[BaseModel], section: str, environment: Mapping[str, str]) -> Layer:
    """An empty variable counts as not set: compose files and service units leave such behind."""
    found: dict[str, Given] = {}
    for field, info in model.model_fields.items():
        for name in reversed(names_of(section, field, info)):
            if text := environment.get(name):
                found[field] = Given(_parsed(info.annotation, text), Origin(Rank.ENVIRONMENT, name))
    return found


def unknown_variables(model: type[BaseModel], section: str, environment: Mapping[str, str]) -> list[str]:
    """Variables that look like this section's and set nothing. They are no error: orchestrators
    define such names on their own, for example for each service they know.
    """
    known = {name for field, info in model.model_fields.items() for name in names_of(section, field, info)}
    return sorted(
        name for name in environment if name.startswith(section_prefix(section)) and name not in known
    )


def _parsed(annotation: Any, text: str) -> object:
    """Fields of several values: JSON, or words between commas. Any other stays text for the model to read."""
    if not _holds_several(annotation):
        return text
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return [word.strip() for word in text.split(",")]


def _holds_several(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    if origin in (Union, UnionType):
        return any(map(_holds_several, get_args(annotation)))
    return isinstance(origin, type) and issubclass(origin, _SEVERAL)
