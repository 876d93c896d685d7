"""Where a setting came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Rank(StrEnum):
    """Kinds of places, the strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    PROJECT_FILE = "project file"
    USER_FILE = "user file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """`where` is the option, the variable or the file's path, as a user would write it."""

    rank: Rank
    where: str = ""

    def __str__(self) -> str:
        return f"{self.rank} {self.where}".rstrip()


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was written, not yet checked."""

    value: object
    origin: Origin


#: The settings of one section that one place gives, by field name.
Layer = Mapping[str, Given]
