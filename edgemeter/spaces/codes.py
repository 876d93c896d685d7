"""Whether codes are of a space. Everything that takes codes from outside asks here first."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgemeter.spaces.space import CodeError, Codes, Space

LARGEST: Final = 255  #: of a code


def validate(space: Space, codes: NDArray[np.generic], first_row: int = 0) -> Codes:
    """`codes` as they are, after a check: uint8, a row (columns,) or many (n, columns), each within its
    column's choices. CodeError otherwise, which counts rows from `first_row` on.
    """
    if not isinstance(codes, np.ndarray) or codes.dtype != np.uint8:
        kind = codes.dtype if isinstance(codes, np.ndarray) else type(codes).__name__
        raise CodeError(f"codes of {space.name} are an array of uint8, not {kind}")
    checked, width = codes.view(np.uint8), len(space.columns)
    if codes.ndim not in (1, 2) or codes.shape[-1] != width:
        raise CodeError(
            f"an architecture of {space.name} has {width} codes: the array is ({width},) or (n, {width}),"
            f" not {codes.shape}"
        )
    if not checked.size:
        return checked
    for number, column in enumerate(space.columns):
        wrong = np.flatnonzero(checked[..., number] >= len(column.choices))
        if wrong.size:
            row = int(wrong[0]) if checked.ndim == 2 else None
            code = checked[number] if row is None else checked[row, number]
            raise _out_of_range(space, None if row is None else first_row + row, number, int(code))
    return checked


def codes_of(space: Space, rows: Sequence[int] | Sequence[Sequence[int]]) -> Codes:
    """Codes from plain numbers, such as those of a JSON document. CodeError where they are not codes."""
    numbers = np.asarray(rows, dtype=object)
    for value in numbers.flat:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
            raise CodeError(f"a code of {space.name} is a whole number from 0 on, not {value!r}")
    return validate(space, np.asfortranarray(numbers, dtype=np.uint8))


def stacked(space: Space, rows: Sequence[bytes]) -> Codes:
    """Rows of a byte a code as (n, columns), not yet checked and not to be written to.

    Where few architectures are asked for thousands of times a second they stay bytes: that numpy looks at one
    row costs more than all else that is done with it.
    """
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), len(space.columns))


def _out_of_range(space: Space, row: int | None, number: int, code: int) -> CodeError:
    column = space.columns[number]
    where = "" if row is None else f"row {row}, "
    return CodeError(
        f"{where}column {number} ({column.name}) of {space.name}: {code} is not one of the codes"
        f" 0 to {len(column.choices) - 1}"
    )
