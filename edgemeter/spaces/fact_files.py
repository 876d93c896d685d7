"""What targets support, from files: the documents of `GET /v1/targets/T/capabilities`, one or a list."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from edgemeter.failures import EdgeMeterError
from edgemeter.spaces.counting import position_of
from edgemeter.spaces.space import CodeError, Space

LARGEST_BYTES: Final = 64 * 2**20
SUPPORTS: Final = ("full", "partial", "none", "unknown")


class FactFileError(EdgeMeterError, ValueError):
    """A file of facts that cannot be read. Says why."""


def read_facts(paths: Iterable[Path], space: Space) -> dict[str, dict[str, str]]:
    """By target, and by the operators' keys, how far they are supported."""
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        for document in _documents(path):
            try:
                target, facts = facts_of(document, space)
                if target in found:
                    raise FactFileError(f"the target {target} was there before")
            except (FactFileError, CodeError) as error:
                raise FactFileError(f"{path.name}: {error}") from None
            found[target] = facts
    return found


def facts_of(document: Any, space: Space) -> tuple[str, dict[str, str]]:
    """A target and its facts; those of another space or version are refused."""
    if not isinstance(document, dict) or not isinstance(document.get("target"), str):
        raise FactFileError("a document of facts names its `target`")
    of = (document.get("space"), document.get("version"))
    if of != (space.name, space.version):
        raise FactFileError(
            f"these are facts of {of[0]} version {of[1]}, not of {space.name} {space.version}"
        )
    contexts = document.get("contexts")
    if not isinstance(contexts, (list, tuple)):
        raise FactFileError("a document of facts has a list of `contexts`")
    facts = {}
    for each in contexts:
        if not isinstance(each, dict) or each.get("support") not in SUPPORTS:
            raise FactFileError(f"each context has a `key`, and a `support` of {', '.join(SUPPORTS)}")
        facts[space.placed[position_of(space, str(each.get("key")))].key] = each["support"]
    return document["target"], facts


def _documents(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise FactFileError(f"{path.name} is larger than {LARGEST_BYTES // 2**20} MB")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise FactFileError(f"{path.name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise FactFileError(f"{path.name}: {error}") from None
    return document if isinstance(document, list) else [document]
