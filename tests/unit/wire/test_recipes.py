"""Identities of recipes."""

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from edgemeter.targets import Precision
from edgemeter.wire.recipes import FileKind, RecipeKind

_TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60)
_KINDS = st.builds(
    FileKind, st.sampled_from(["onnx", "tflite"]), st.sampled_from(Precision), st.integers(1, 64)
)


@given(_KINDS, st.sampled_from(RecipeKind), st.lists(_TEXTS | st.just('"text":""'), max_size=4))
def test_the_identity_is_the_sha256_of_the_canonical_json(
    files: FileKind, kind: RecipeKind, texts: list[str]
) -> None:
    recipes = [files.recipe("some-space/3", kind, text) for text in texts]
    plain = [
        json.dumps(each.model_dump(mode="json"), sort_keys=True, separators=(",", ":")) for each in recipes
    ]
    expected = [hashlib.sha256(document.encode()).hexdigest() for document in plain]
    assert [each.sha256() for each in recipes] == expected
    assert [digest.hex() for digest in files.addressing("some-space/3", kind)(texts)] == expected
