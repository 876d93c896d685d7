"""Recipes, checked against their spaces before anything is written."""

from collections.abc import Sequence

from edgemeter.spaces.recipes import RecipeError, check
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter.wire.requests import RequestItem
from edgemeter_server.http.problems import Refusal

_MAX_ERRORS = 20


def check_recipes(items: Sequence[RequestItem]) -> None:
    """Raises Refusal INVALID, naming the items whose recipes cannot be built."""
    errors = []
    for index, item in enumerate(items):
        if item.recipe is not None:
            try:
                check(item.recipe)
            except RecipeError as error:
                errors.append(FieldError(pointer=f"/items/{index}/recipe", detail=str(error)))
    if errors:
        more = f" ({len(errors)} places)" if len(errors) > 1 else ""
        detail = f"{errors[0].pointer}: {errors[0].detail}{more}"
        raise Refusal(ProblemType.INVALID, detail, errors=tuple(errors[:_MAX_ERRORS]))
