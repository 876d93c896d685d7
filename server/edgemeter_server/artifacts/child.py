"""What runs in a limited child process, and how it is asked: nothing of a stranger's file is parsed here.

What a child sends back comes from a process that may have been taken over: it is checked like any input.
"""

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError

from edgemeter.failures import FailureError, FailureKind
from edgemeter.graphs.limited import CHILD_LIMITS
from edgemeter.isolation import run_limited
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_server.artifacts.checking import Format, checked_format
from edgemeter_server.artifacts.summarising import features_of

_PRELOAD: Final = ("onnx.shape_inference",)
_FORMATS: Final[tuple[Format, ...]] = get_args(Format)
_MAX_FEATURES_BYTES: Final = 64 << 10


def format_in_child(file: Path) -> Format:
    """Blocks. Raises FailureError for a file that may not be stored, OSError where no child can be had."""
    sent = run_limited(f"{__name__}:check", {}, CHILD_LIMITS, _PRELOAD, {"file": file})
    for known in _FORMATS:
        if sent == known:
            return known
    raise _garbled()


def features_in_child(file: Path) -> str:
    """`GraphFeatures` as JSON. Blocks. Raises as `format_in_child`."""
    sent = run_limited(f"{__name__}:summarise", {}, CHILD_LIMITS, _PRELOAD, {"file": file})
    try:
        text = GraphFeatures.model_validate(sent).model_dump_json()
    except (ValidationError, ValueError):
        raise _garbled() from None
    if len(text) > _MAX_FEATURES_BYTES:
        raise FailureError.of(FailureKind.MALFORMED, "the network's names are too long to be listed")
    return text


def check(payload: Mapping[str, Any]) -> str:
    """The child's part of `format_in_child`."""
    file = Path(payload["file"])
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return checked_format(data)


def summarise(payload: Mapping[str, Any]) -> Any:
    """The child's part of `features_in_child`."""
    return features_of(Path(payload["file"])).model_dump(mode="json")


def _garbled() -> FailureError:
    return FailureError.of(FailureKind.RUNTIME_ERROR, "the reader of the file sent back no answer")
