"""From layers of settings to one checked value, with the origin of each field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from edgemeter.config.origins import Given, Layer, Origin, Rank
from edgemeter.config.places import ConfigError, Places
from edgemeter.config.variables import from_environment

M = TypeVar("M", bound=BaseModel)
_FILES = (Rank.PROJECT_FILE, Rank.USER_FILE)


@dataclass(frozen=True, slots=True)
class Resolved(Generic[M]):
    """`origins` has every field of the model."""

    value: M
    origins: Mapping[str, Origin]


def resolve(
    model: type[M], section: str, flags: Mapping[str, object] | None = None, places: Places | None = None
) -> Resolved[M]:
    """Raises ConfigError. A flag of None was not given; `places` is for tests."""
    places = places or Places.of_this_process()
    return merge(
        model,
        section,
        (
            _from_flags(flags or {}),
            from_environment(model, section, places.environment),
            *(file.layer(section) for file in places.files),
        ),
    )


def merge(model: type[M], section: str, layers: Sequence[Layer]) -> Resolved[M]:
    """Each field comes from the first layer that has it. Relative paths in a file start at that file."""
    given = {name: found for layer in reversed(layers) for name, found in layer.items()}
    _refuse_unknown(model, section, given)
    try:
        value = model.model_validate({name: found.value for name, found in given.items()})
    except ValidationError as error:
        # Not chained: pydantic's own text shows the values, and one may be a secret.
        raise ConfigError("\n".join(_sentences(section, given, error))) from None
    paths = {
        name: located
        for name, found in given.items()
        if (located := _located(getattr(value, name), found.origin)) is not None
    }
    origins = {
        name: given[name].origin if name in given else Origin(Rank.DEFAULT) for name in model.model_fields
    }
    return Resolved(value.model_copy(update=paths), origins)


def _from_flags(flags: Mapping[str, object]) -> Layer:
    return {
        name: Given(value, Origin(Rank.FLAG, f"--{name.replace('_', '-')}"))
        for name, value in flags.items()
        if value is not None
    }


def _refuse_unknown(model: type[BaseModel], section: str, given: Layer) -> None:
    for name, found in given.items():
        if name not in model.model_fields:
            near = get_close_matches(name, model.model_fields, n=1)
            advice = (
                f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(model.model_fields))}"
            )
            raise ConfigError(f"{found.origin}: [{section}] has no setting `{name}`; {advice}")


def _sentences(section: str, given: Layer, error: ValidationError) -> list[str]:
    return [
        _sentence(section, given, detail["loc"], detail["msg"])
        for detail in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _sentence(section: str, given: Layer, location: tuple[int | str, ...], message: str) -> str:
    if not location:
        return f"the settings of [{section}] do not fit together: {message}"
    found = given.get(str(location[0]))
    key = ".".join(map(str, (section, *location)))
    return f"{found.origin if found else 'nowhere set'}: `{key}`: {message}"


def _located(value: object, origin: Origin) -> Path | None:
    if not isinstance(value, Path):
        return None
    path = value.expanduser()
    return Path(origin.where).parent / path if origin.rank in _FILES else path
