"""What a lease says of a network that is to be built."""

from typing import Any

from edgemeter.targets import Precision
from edgemeter.wire.recipes import LeasedRecipe, Recipe, RecipeKind
from edgemeter_server.recipes.tables import recipes

#: Of an outer join with `recipes`: None for a file.
COLUMNS = (
    recipes.c.builds,
    recipes.c.kind,
    recipes.c.text,
    recipes.c.precision,
    recipes.c.batch,
    recipes.c.file_sha256,
)


def recipe_of(row: Any) -> Recipe:
    """`row` has COLUMNS and the artifact's `format`."""
    space, _, version = row.builds.partition("/")
    return Recipe.model_construct(
        space=space,
        version=int(version),
        kind=RecipeKind(row.kind),
        text=row.text,
        format=row.format,
        precision=Precision(row.precision),
        batch=row.batch,
    )


def leased_recipe(row: Any) -> LeasedRecipe | None:
    if row.builds is None:
        return None
    built = row.file_sha256
    return LeasedRecipe.model_construct(
        recipe=recipe_of(row), file_sha256=None if built is None else built.hex()
    )
