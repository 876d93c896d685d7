"""Architectures as other tables write them: our own text, the plain words, or words apart by spaces."""

from edgemeter.spaces.space import CodeError, Space
from edgemeter.spaces.text import from_text, to_text


def architecture_text(space: Space, written: str) -> str:
    """As our own text. CodeError for what is none of the space's.

    What was measured elsewhere stays what it was: codes that build the same network here are not joined.
    """
    try:
        codes = from_text(space, written)
    except CodeError as error:
        # Public tables of HURRICANE's space have the words apart by spaces.
        parts = written.split()
        if len(parts) != len(space.columns):
            raise
        try:
            codes = from_text(space, ",".join(parts))
        except CodeError:
            raise error from None
    return to_text(space, codes)
