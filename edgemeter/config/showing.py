"""Settings as they may be shown: a secret only as being set."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from edgemeter.config.places import Places
from edgemeter.config.resolving import resolve
from edgemeter.config.variables import unknown_variables

SECRET = "(set, not shown)"  # noqa: S105 - what is shown in a secret's place


def document(sections: Mapping[str, type[BaseModel]], places: Places) -> dict[str, Any]:
    """Every setting with its origin, and what was found but sets nothing. Raises ConfigError."""
    return {
        "schema_name": "edgemeter/configuration",
        "schema_version": 1,
        "files": [{"rank": file.rank, "path": str(file.path)} for file in places.files],
        "sections": {name: _section(name, model, places) for name, model in sections.items()},
        "ignored": _ignored(sections, places),
    }


def _section(name: str, model: type[BaseModel], places: Places) -> dict[str, dict[str, Any]]:
    resolved = resolve(model, name, {}, places)
    return {
        field: {"value": shown(getattr(resolved.value, field)), "from": origin.rank, "where": origin.where}
        for field, origin in resolved.origins.items()
    }


def shown(value: object) -> object:
    """As JSON has it. Passwords in URLs are left out."""
    if isinstance(value, SecretStr):
        return SECRET
    if isinstance(value, str):
        return _without_password(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items()}
    return value


def _ignored(sections: Mapping[str, type[BaseModel]], places: Places) -> list[str]:
    variables = [
        f"environment {name}"
        for section, model in sections.items()
        for name in unknown_variables(model, section, places.environment)
    ]
    tables = [
        f"{file.rank} {file.path}: [{name}]"
        for file in places.files
        for name in file.sections
        if name not in sections
    ]
    strange = places.strange_file
    return [*variables, *tables, *([f"{strange}: belongs to another user"] if strange else [])]


def _without_password(text: str) -> str:
    hidden = re.sub(r"(://[^/@:]*):.*@", r"\1:***@", text)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", hidden)
