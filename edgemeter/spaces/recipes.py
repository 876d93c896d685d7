"""From a recipe to its network: checked by whoever takes it, built by whoever measures it."""

from functools import lru_cache
from types import MappingProxyType

from edgemeter.failures import EdgeMeterError
from edgemeter.networks.network import Network
from edgemeter.networks.writing import write
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.space import CodeError, Codes, Space
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.recipes import Recipe, RecipeKind


class RecipeError(EdgeMeterError):
    """A recipe of a space, version or code that is not known here. Says which."""


def check(recipe: Recipe) -> None:
    """Raises RecipeError for what cannot be built, or is not written in the one way that stands for it."""
    space = _space(recipe)
    if recipe.kind is RecipeKind.OPERATOR:
        _position(space, recipe.text)
        return
    codes = _codes(space, recipe.text)
    _built(space, codes, recipe.batch)
    written = to_text(space, space.canonical(codes[None, :])[0])
    if written != recipe.text:
        raise RecipeError(f"this architecture is written {written!r}")


def network_of(recipe: Recipe) -> Network:
    """Raises RecipeError."""
    space = _space(recipe)
    if recipe.kind is RecipeKind.OPERATOR:
        return space.build_placed(_position(space, recipe.text), recipe.batch)
    return _built(space, _codes(space, recipe.text), recipe.batch)


def build(recipe: Recipe) -> bytes:
    """The file. The same recipe gives the same bytes on every machine. Raises RecipeError."""
    return write(network_of(recipe), recipe.format, recipe.precision)


def _space(recipe: Recipe) -> Space:
    try:
        space = find_space(recipe.space)
    except LookupError as error:
        raise RecipeError(f"no space {recipe.space!r} is installed") from error
    if space.version != recipe.version:
        raise RecipeError(
            f"{recipe.space} is of version {space.version} here, the recipe of version {recipe.version}"
        )
    return space


def _codes(space: Space, text: str) -> Codes:
    try:
        return from_text(space, text)
    except CodeError as error:
        raise RecipeError(str(error)) from None


def _built(space: Space, codes: Codes, batch: int) -> Network:
    """Not every code is a network: a cell may have no path."""
    try:
        return space.build(codes, batch)
    except CodeError as error:
        raise RecipeError(str(error)) from None


def _position(space: Space, key: str) -> int:
    position = _positions(space).get(key)
    if position is None:
        raise RecipeError(f"{space.name} has no operator {key!r}")
    return position


@lru_cache(maxsize=8)
def _positions(space: Space) -> MappingProxyType[str, int]:
    return MappingProxyType({placed.key: position for position, placed in enumerate(space.placed)})
