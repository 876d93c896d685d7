"""Codes over the wire: the same rows wherever the pieces are cut, and words for what are none."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.spaces.registry import find_space
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.arrow_reading import ArrowReader
from edgemeter_server.predictors.codes_reading import OctetsReader

SPACE = find_space("nasbench201")
WIDTH = len(SPACE.columns)
CODES = np.random.default_rng(0).integers(0, 5, (57, WIDTH), dtype=np.uint8)


def lists(codes, width=WIDTH):
    values = pa.array(np.ascontiguousarray(codes).reshape(-1))
    return pa.table({"codes": pa.FixedSizeListArray.from_arrays(values, width)})


def columns(codes):
    return pa.table({f"c{number}": np.ascontiguousarray(column) for number, column in enumerate(codes.T)})


def stream(table, rows=20, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue().to_pybytes()


BODIES = {
    "octets": (OctetsReader, CODES.tobytes()),
    "lists": (ArrowReader, stream(lists(CODES))),
    "slices": (ArrowReader, stream(lists(CODES[5:]).slice(0), 100)),
    "columns": (ArrowReader, stream(columns(CODES))),
}


def read(reader, data, cuts=()):
    bounds = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(bounds)]
    found = [codes for piece in pieces for codes in reader.feed(piece)]
    reader.end()
    return np.concatenate(found)


@pytest.mark.parametrize("kind", BODIES)
@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_rows_are_the_same_wherever_pieces_are_cut(kind, cuts):
    reader, data = BODIES[kind]
    found = read(reader(SPACE), data, [min(cut, len(data)) for cut in cuts])
    expected = CODES[5:] if kind == "slices" else CODES
    assert (found == expected).all()
    assert found.shape == expected.shape


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (CODES.tobytes(), "it is none"),
        (stream(lists(CODES))[:-20], "cut off"),
        (stream(lists(CODES)) + b"more", "after its end"),
        (stream(lists(CODES[:0])), "no rows"),
        (stream(lists(CODES.reshape(-1, 2), 2)), "fixed_size_list<uint8>"),
        (stream(columns(CODES[:, :3])), "6 columns of uint8"),
        (stream(columns(CODES.astype(np.int8))), "6 columns of uint8"),
        (stream(columns(CODES.astype(np.uint16))), "6 columns of uint8"),
        (stream(pa.table({str(n): ["x"] for n in range(WIDTH)})), "6 columns of uint8"),
        (stream(pa.table({str(n): pa.array([1, None], pa.uint8()) for n in range(WIDTH)})), "nulls"),
        (stream(lists(np.tile(CODES, (100, 1))), 6000, compression="lz4"), "compressed"),
        (stream(lists(np.zeros((3_000_000, WIDTH), np.uint8)), 3_000_000), "more than 16 MiB"),
        (b"\xff\xff\xff\xff" + (1 << 30).to_bytes(4, "little"), "it is none"),
    ],
)
def test_what_is_no_stream_of_codes_is_told(data, words):
    with pytest.raises(Refusal, match=words):
        read(ArrowReader(SPACE), data)


@given(st.integers(0, len(BODIES["columns"][1]) - 1), st.integers(0, 255))
def test_a_damaged_stream_is_refused_or_read(place, byte):
    """Nothing else leaves the reader, and no more rows than there are bytes."""
    data = bytearray(BODIES["columns"][1])
    data[place] = byte
    try:
        found = read(ArrowReader(SPACE), bytes(data))
    except Refusal:
        return
    assert found.size <= len(data)
