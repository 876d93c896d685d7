"""What runs in a limited child process, and how it is asked: nothing of a stranger's file is parsed here.

What a child sends back comes from a process that may have been taken over: it is checked like any input.
"""

import mmap
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError

from edgemeter.failures import FailureError, FailureKind
from edgemeter.graphs.limited import CHILD_LIMITS
from edgemeter.isolation import run_limited
from edgemeter.wire.artifacts import GraphFeatures
from edgemeter_server.artifacts.checking import Format, checked_format
from edgemeter_server.artifacts.packing import MOST_PACKED_BYTES, check_packed, packed
from edgemeter_server.artifacts.summarising import summary_of

_PRELOAD: Final = ("onnx.shape_inference",)
_FORMATS: Final[tuple[Format, ...]] = get_args(Format)
_MAX_FEATURES_BYTES: Final = 64 << 10
_OPEN: Final = "its inputs leave sizes open, which its latency depends on: save it with sizes"
_TOO_LARGE: Final = "the network has too many operators to be predicted by its kernels"


@dataclass(frozen=True, slots=True)
class Reading:
    """`features` is JSON of `GraphFeatures`, `graph` as packing.py has it; None: `no_graph` says why."""

    features: str
    graph: bytes | None
    no_graph: str | None


def format_in_child(file: Path) -> Format:
    """Blocks. Raises FailureError for a file that may not be stored, OSError where no child can be had."""
    sent = run_limited(f"{__name__}:check", {}, CHILD_LIMITS, _PRELOAD, {"file": file})
    for known in _FORMATS:
        if sent == known:
            return known
    raise _garbled()


def reading_in_child(file: Path) -> Reading:
    """Blocks. Raises as `format_in_child`."""
    sent = run_limited(f"{__name__}:summarise", {}, CHILD_LIMITS, _PRELOAD, {"file": file})
    try:
        text = GraphFeatures.model_validate(sent["features"]).model_dump_json()
        graph = None if sent["graph"] is None else b64decode(sent["graph"], validate=True)
    except (ValidationError, ValueError, TypeError, KeyError):
        raise _garbled() from None
    if len(text) > _MAX_FEATURES_BYTES:
        raise FailureError.of(FailureKind.MALFORMED, "the network's names are too long to be listed")
    if graph is None or len(graph) > MOST_PACKED_BYTES:
        return Reading(text, None, _OPEN if sent.get("open") is True else _TOO_LARGE)
    check_packed(graph)
    return Reading(text, graph, None)


def check(payload: Mapping[str, Any]) -> str:
    """The child's part of `format_in_child`."""
    file = Path(payload["file"])
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return checked_format(data)


def summarise(payload: Mapping[str, Any]) -> Any:
    """The child's part of `reading_in_child`."""
    summary = summary_of(Path(payload["file"]))
    graph = None if summary.graph is None else packed(summary.graph)
    return {
        "features": summary.features.model_dump(mode="json"),
        "graph": None if graph is None else b64encode(graph).decode(),
        "open": summary.graph is None,
    }


def _garbled() -> FailureError:
    return FailureError.of(FailureKind.RUNTIME_ERROR, "the reader of the file sent back no answer")
