"""What is asked of networks over several targets, where one part of a message must fit another."""

from edgemeter.wire.metrics import ComparedOn, Metric, NewFront
from edgemeter.wire.problems import FieldError, ProblemType
from edgemeter_server.http.problems import Refusal


def check(asked: ComparedOn) -> None:
    """Raises Refusal INVALID, with the place."""
    if len(set(asked.targets)) < len(asked.targets):
        raise _invalid("/targets", "a target is named twice; `weights` says which count for more")
    for name, numbers in (("normalisers_ms", asked.normalisers_ms), ("weights", asked.weights)):
        if unknown := set(numbers) - set(asked.targets):
            raise _invalid(f"/{name}/{min(unknown)}", "this is none of the targets")
    if not any(asked.weights.get(target, 1.0) for target in asked.targets):
        raise _invalid("/weights", "at least one target has a weight above 0")
    if len(set(asked.metrics)) < len(asked.metrics):
        raise _invalid("/metrics", "a metric is named twice")
    if Metric.QUALITY in asked.metrics and not (isinstance(asked, NewFront) and asked.qualities):
        raise _invalid("/metrics", "the quality of networks is yours to tell, for a front: in `qualities`")


def check_front(asked: NewFront) -> None:
    """As `check`."""
    check(asked)
    if bool(asked.architectures) == bool(asked.sample):
        raise _invalid("/architectures", "a front is either of architectures or of a `sample`")
    if asked.qualities and len(asked.qualities) != len(asked.architectures):
        raise _invalid(
            "/qualities", f"{len(asked.architectures)} architectures have {len(asked.qualities)} qualities"
        )


def _invalid(pointer: str, detail: str) -> Refusal:
    return Refusal(
        ProblemType.INVALID, f"{pointer}: {detail}", errors=(FieldError(pointer=pointer, detail=detail),)
    )
