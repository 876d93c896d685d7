"""The file of a predictor: a JSON header and arrays, nothing that runs.

    offset  bytes
    0       20     b"EDGEMETER-PREDICTOR\\n"
    20      4      version of the format, unsigned, little-endian as all numbers
    24      4      length of the header
    28      8      length of the body
    36      32     SHA-256 of header and body
    68      ...    header: UTF-8 JSON, an object; "arrays" maps names to [type, shape, offset in the body]
    ...     ...    body: the arrays, C order, each at a multiple of 64

A reader opens its own and all earlier versions, and refuses later ones. Lengths, types and shapes are
checked against what is there before anything is made of them.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1
MAGIC: Final = b"EDGEMETER-PREDICTOR\n"
LARGEST_HEADER: Final = 4 * 2**20
LARGEST_BODY: Final = 256 * 2**20
_LENGTHS: Final = struct.Struct("<20sIIQ32s")
_TYPES: Final = ("<f8", "<f4", "<i8", "<i4", "|u1", "|i1")
_ALIGNMENT: Final = 64
_MOST_ARRAYS, _MOST_AXES = 256, 4


class FileError(ValueError):
    """These bytes are no predictor that this version can open. Says why."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    body = bytearray()
    places = {}
    for name, array in arrays.items():
        kind = array.dtype.newbyteorder("<").str
        if kind not in _TYPES:
            raise FileError(f"array {name} is {array.dtype}; a predictor's are {', '.join(_TYPES)}")
        body += bytes(-len(body) % _ALIGNMENT)
        places[name] = [kind, list(array.shape), len(body)]
        body += np.ascontiguousarray(array, dtype=kind).tobytes()
    text = json.dumps({**header, "arrays": places}, allow_nan=False).encode()
    digest = hashlib.sha256(text + body).digest()
    if len(text) > LARGEST_HEADER or len(body) > LARGEST_BODY:
        raise FileError(f"this predictor is too large to save: {len(text) + len(body)} bytes")
    return _LENGTHS.pack(MAGIC, VERSION, len(text), len(body), digest) + text + bytes(body)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header without "arrays", and the arrays, read-only views of `data`. FileError where it is no
    such file.
    """
    text, body = _checked(data)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(f"the header is not JSON: {error}") from error
    if not isinstance(header, dict) or not isinstance(header.get("arrays"), dict):
        raise FileError("the header is no object that names its arrays")
    places = header.pop("arrays")
    if len(places) > _MOST_ARRAYS:
        raise FileError(f"a predictor has at most {_MOST_ARRAYS} arrays, this one {len(places)}")
    return header, {name: _array(name, place, body) for name, place in places.items()}


def _checked(data: bytes) -> tuple[bytes, memoryview]:
    if len(data) < _LENGTHS.size or not data.startswith(MAGIC):
        raise FileError("this is not a saved predictor")
    _, version, header, body, digest = _LENGTHS.unpack_from(data)
    if version > VERSION:
        raise FileError(
            f"this predictor was saved by a newer EdgeMeter: its format is {version}, "
            f"this one reads up to {VERSION}. Upgrade edgemeter to open it"
        )
    if version < 1 or header > LARGEST_HEADER or body > LARGEST_BODY:
        raise FileError("this is not a saved predictor: its lengths are out of range")
    missing = _LENGTHS.size + header + body - len(data)
    if missing:
        what = f"{missing} bytes are missing" if missing > 0 else f"{-missing} bytes follow its end"
        raise FileError(f"the file is not whole: {what}")
    if hashlib.sha256(memoryview(data)[_LENGTHS.size :]).digest() != digest:
        raise FileError("the file was changed after it was saved: its checksum is another")
    start = _LENGTHS.size + header
    return data[_LENGTHS.size : start], memoryview(data)[start:]


def _array(name: str, place: Any, body: memoryview) -> NDArray[Any]:
    try:
        kind, shape, offset = place
        sound = kind in _TYPES and len(shape) <= _MOST_AXES
        sound = sound and all(
            type(length) is int and 0 <= length <= LARGEST_BODY for length in (*shape, offset)
        )
        size = prod(shape) * np.dtype(kind).itemsize if sound else 0
    except (TypeError, ValueError) as error:
        raise FileError(f"array {name} is not described as one") from error
    if not sound or offset + size > len(body):
        raise FileError(f"array {name} does not lie within the file")
    return np.frombuffer(body, kind, prod(shape), offset).reshape(shape)
