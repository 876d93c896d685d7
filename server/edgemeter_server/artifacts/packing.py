"""The graph of a network as it is stored: all that its kernels depend on, a thousandth of the file.

Deflated JSON of `edgemeter.graphs`, whose reader has dropped the weights. It comes from a child that looked
into a stranger's file: bounded and checked whenever it is read.
"""

import zlib
from typing import Final

from edgemeter.failures import FailureError, FailureKind
from edgemeter.graphs.graph import Graph
from edgemeter.graphs.limited import graph_from_text, graph_to_text

MOST_PACKED_BYTES: Final = 1 << 20
_MOST_BYTES: Final = 32 << 20
_LEVEL: Final = 6


def packed(graph: Graph) -> bytes | None:
    """None for a network that is too large to be kept so."""
    text = graph_to_text(graph)
    content = zlib.compress(text, _LEVEL)
    return content if len(text) <= _MOST_BYTES and len(content) <= MOST_PACKED_BYTES else None


def unpacked(content: bytes) -> Graph:
    """Raises FailureError (runtime_error) for what `packed` did not make."""
    opened = zlib.decompressobj()
    try:
        text = opened.decompress(content, _MOST_BYTES)
    except zlib.error:
        raise _garbled() from None
    if not opened.eof:
        raise _garbled()
    return graph_from_text(text)


def _garbled() -> FailureError:
    return FailureError.of(FailureKind.RUNTIME_ERROR, "the stored graph of the network is damaged")
