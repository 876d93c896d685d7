"""The places of settings: the environment, and the two files."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import platformdirs

from edgemeter.config.origins import Given, Layer, Origin, Rank
from edgemeter.failures import EdgeMeterError

PROJECT_FILE = "edgemeter.toml"
USER_FILE = "config.toml"
_LARGEST_FILE_BYTES = 1 << 20


class ConfigError(EdgeMeterError):
    """A setting, or a file of them, is wrong. The text names the place and the key, never a secret."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of settings that was read."""

    rank: Rank
    path: Path
    sections: Mapping[str, object]

    def layer(self, section: str) -> Layer:
        values = self.sections.get(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{self.path}: `{section}` must be a table, written as [{section}]")
        origin = Origin(self.rank, str(self.path))
        return {name.replace("-", "_"): Given(value, origin) for name, value in values.items()}


@dataclass(frozen=True)
class Places:
    """`folder` is where the search for the project file begins."""

    environment: Mapping[str, str]
    folder: Path
    user_file: Path

    @classmethod
    def of_this_process(cls) -> "Places":
        user_file = platformdirs.user_config_path("edgemeter", appauthor=False) / USER_FILE
        return cls(os.environ, Path.cwd(), user_file)

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The strongest first. Raises ConfigError for one that cannot be read."""
        return tuple(self._read())

    @cached_property
    def strange_file(self) -> Path | None:
        """A project file that is left alone because somebody else could have put it there."""
        found = self._project_file()
        return None if found is None or _trusted(found) else found

    def _read(self) -> Iterator[File]:
        project_file = self._project_file()
        if project_file is not None and _trusted(project_file):
            yield _read(Rank.PROJECT_FILE, project_file)
        if self.user_file.is_file():
            yield _read(Rank.USER_FILE, self.user_file)

    def _project_file(self) -> Path | None:
        candidates = (folder / PROJECT_FILE for folder in (self.folder, *self.folder.parents))
        return next((file for file in candidates if file.is_file()), None)


def _trusted(file: Path) -> bool:
    """Ours or root's: in a folder like /tmp another user's file would choose where our token goes."""
    return file.stat().st_uid in (0, os.getuid())


def _read(rank: Rank, path: Path) -> File:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise ConfigError(f"{path}: larger than any settings could be")
        return File(rank, path, tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # wrong UTF-8 or TOML
        raise ConfigError(f"{path}: is not TOML: {error}") from None
