"""The token format: recognisable, checkable without a database, and of 256 bits."""

import re

from hypothesis import given
from hypothesis import strategies as st

from edgemeter_server.access.tokens import digest, new_token, well_formed

_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_a_new_token_is_well_formed_and_not_repeated():
    made = {new_token() for _ in range(1000)}

    assert len(made) == 1000
    assert all(well_formed(token) for token in made)
    assert all(re.fullmatch(r"em_[A-Za-z0-9_-]{49}", token) for token in made)


@given(at=st.integers(min_value=0, max_value=51), to=st.characters())
def test_any_other_character_anywhere_is_found(at: int, to: str):
    token = new_token()
    changed = token[:at] + to + token[at + 1 :]

    assert well_formed(changed) == (changed == token)


@given(st.text())
def test_what_people_type_is_no_token(text: str):
    assert not well_formed(text)


@given(st.text(alphabet=_SAFE, min_size=49, max_size=49))
def test_invented_tokens_fail_the_checksum(rest: str):
    assert not well_formed("em_" + rest)


def test_neighbours_share_no_digest():
    token = new_token()

    assert len(digest(token)) == 32
    assert digest(token) != digest(token + "\n")
    assert not well_formed(token + "\n")
