"""What a JSON body may be, before any parser of a message sees it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.json_body import MAX_CONTAINERS, MAX_MEMBERS, check
from edgemeter_server.http.problems import Refusal

_TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)


def _kind(body: bytes) -> ProblemType | None:
    try:
        check(body)
    except Refusal as refusal:
        return refusal.kind
    return None


@given(_JSON)
def test_ordinary_json_passes(value: object):
    assert _kind(json.dumps(value).encode()) is None


@given(st.binary())
def test_arbitrary_bytes_are_json_or_malformed(body: bytes):
    assert _kind(body) in (None, ProblemType.MALFORMED)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b"[NaN]",
        b"[Infinity]",
        b'["\\ud800"]',
        b'["\\u0000"]',
        b'"\xff"',
        b"[1]2",
        '{"a": 1}'.encode("utf-16"),
        b"9" * 100_000,
    ],
)
def test_what_parsers_or_databases_choke_on_is_malformed(body: bytes):
    assert _kind(body) is ProblemType.MALFORMED


@pytest.mark.parametrize("body", [b"[]," * (MAX_CONTAINERS + 1), b"1:" * (MAX_MEMBERS + 1)])
def test_many_tiny_parts_are_too_large(body: bytes):
    assert _kind(body) is ProblemType.TOO_LARGE
