"""Where campaigns and predictors of kernels lie: one file of each for a target."""

import os
from pathlib import Path

from edgemeter.failures import EdgeMeterError
from edgemeter.targets import TargetSelector, target_of

STATE_VARIABLE = "EDGEMETER_STATE_DIR"
_SUFFIX = ".kernels.edgemeter"


class NoPredictorError(EdgeMeterError):
    """There is no kernel predictor of a target here. Says how to get one."""


def campaign_path(target: str) -> Path:
    return _folder() / f"{target}.campaign.jsonl"


def predictor_path(target: str) -> Path:
    return _folder() / f"{target}{_SUFFIX}"


def saved_predictor(target: str) -> bytes:
    """Raises NoPredictorError."""
    try:
        return predictor_path(target).read_bytes()
    except FileNotFoundError:
        raise NoPredictorError(
            f"there is no kernel predictor of {target} here; `edgemeter kernels measure --target {target}` "
            f"measures what it is made of (about half an hour), "
            f"`edgemeter kernels fit --target {target}` makes it"
        ) from None


def saved_targets(selector: TargetSelector) -> list[str]:
    """Slugs of the targets that the words mean and that have a kernel predictor here, of any device."""
    slugs = (path.name.removesuffix(_SUFFIX) for path in _folder().glob(f"*{_SUFFIX}"))
    found = ((slug, target_of(slug)) for slug in sorted(slugs))
    return [slug for slug, target in found if target is not None and selector.matches(target)]


def _folder() -> Path:
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen) / "kernels"
    from platformdirs import user_state_path

    return user_state_path("edgemeter") / "kernels"
