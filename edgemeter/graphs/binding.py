"""Gives dynamic inputs the shapes that the caller asked for, and says clearly when it cannot."""

from collections.abc import Mapping, Sequence
from shlex import quote

from edgemeter.graphs.graph import Shape
from edgemeter.graphs.limits import ShapeError

#: A size that the file states, or the name that it gives a dynamic one ("?" where it has none).
Dimension = int | str


def bound_shape(name: str, stated: Sequence[Dimension] | None, asked: Sequence[int] | None) -> Shape:
    """The shape of input `name`: as `stated`, its dynamic dimensions taken from `asked`.

    `stated` is None where the file leaves even the rank open. Raises ShapeError.
    """
    if asked is None:
        fixed = [dimension for dimension in stated or () if isinstance(dimension, int)]
        if stated is None or len(fixed) < len(stated):
            raise ShapeError(_unbound(name, stated))
        return tuple(fixed)
    if stated is not None and not _fits(stated, asked):
        raise ShapeError(
            f"input {name!r:.80} has the shape {_written(stated)}, which {_written(asked)} does not fit"
        )
    if any(size < 1 for size in asked):
        raise ShapeError(f"input {name!r:.80} cannot have the shape {_written(asked)}: sizes start at 1")
    return tuple(asked)


def refuse_unknown_inputs(shapes: Mapping[str, Sequence[int]], inputs: Sequence[str]) -> None:
    """Raises ShapeError for a shape whose input the network does not have."""
    for name in shapes:
        if name not in inputs:
            known = ", ".join(f"{known!r:.80}" for known in inputs[:10])
            raise ShapeError(f"the network has no input {name!r:.80}; its inputs are: {known}")


def _fits(stated: Sequence[Dimension], asked: Sequence[int]) -> bool:
    return len(stated) == len(asked) and all(
        isinstance(dimension, str) or dimension == size for dimension, size in zip(stated, asked, strict=True)
    )


def _unbound(name: str, stated: Sequence[Dimension] | None) -> str:
    example = (
        "1,3,224,224" if stated is None else ",".join(str(d if isinstance(d, int) else 1) for d in stated)
    )
    shape = "no shape" if stated is None else f"the shape {_written(stated)}"
    flag = quote(f"{name if name.isprintable() else repr(name):.80}={example}")
    return f"input {name!r:.80} has {shape} in the file: give its size, for example --shape {flag}"


def _written(shape: Sequence[Dimension]) -> str:
    return "(" + ", ".join(str(d) if isinstance(d, int) else f"{d!r:.40}" for d in shape[:16]) + ")"
