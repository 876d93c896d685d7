"""zstandard for small texts that resemble each other, bounded both ways.

A few hundred bytes alone compress badly; against a dictionary of what such texts usually say they
nearly vanish. The dictionaries are readable files beside this one. Stored data needs them for ever: a
file is never changed, a better one gets the next number.
"""

from functools import cache
from importlib.resources import files
from threading import local

from zstandard import (
    DICT_TYPE_RAWCONTENT,
    FORMAT_ZSTD1_MAGICLESS,
    ZstdCompressionDict,
    ZstdCompressionParameters,
    ZstdCompressor,
    ZstdDecompressor,
    ZstdError,
    get_frame_parameters,
)

from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal

MAX_BYTES = 64 << 20
_LEVEL = 9


class _Codec(local):
    """One for each thread: zstandard's objects are not to be shared. The dictionary may be."""

    def __init__(self, dictionary: bytes) -> None:
        shared = ZstdCompressionDict(dictionary, dict_type=DICT_TYPE_RAWCONTENT)
        # Without what every frame would say: the magic number and the dictionary's.
        parameters = ZstdCompressionParameters.from_level(
            _LEVEL, format=FORMAT_ZSTD1_MAGICLESS, write_content_size=True, write_dict_id=False
        )
        self.compressor = ZstdCompressor(dict_data=shared, compression_params=parameters)
        self.decompressor = ZstdDecompressor(dict_data=shared, format=FORMAT_ZSTD1_MAGICLESS)


@cache
def _codec(dictionary: str) -> _Codec:
    return _Codec(files("edgemeter_server.measurements").joinpath(dictionary).read_bytes())


def compress(plain: bytes, dictionary: str) -> bytes:
    """Raises Refusal for what is too large to be read back."""
    if len(plain) > MAX_BYTES:
        raise Refusal(ProblemType.TOO_LARGE, f"a measurement's parts may take {MAX_BYTES >> 20} MiB each")
    return _codec(dictionary).compressor.compress(plain)


def decompress(content: bytes, dictionary: str) -> bytes:
    """What follows the frame in `content` is ignored. Raises ValueError for damage."""
    try:
        size = get_frame_parameters(content, format=FORMAT_ZSTD1_MAGICLESS).content_size
        if size > MAX_BYTES:
            raise ValueError(f"{size} bytes are more than was ever stored")
        return _codec(dictionary).decompressor.decompress(content, max_output_size=MAX_BYTES)
    except ZstdError as error:
        raise ValueError(f"stored content is damaged: {error}") from None
