"""What latencies are divided by: MobileNetV1's on each target, as measured, or what was given."""

from sqlalchemy import Connection

from edgemeter.measurement import Interval
from edgemeter.spaces.registry import find_space
from edgemeter.spaces.text import from_text, to_text
from edgemeter.wire.metrics import NORMALISED, REFERENCE, REFERENCE_SPACE, ComparedOn, Normaliser
from edgemeter.wire.problems import ProblemType
from edgemeter.wire.recipes import RecipeKind
from edgemeter_server.campaigns.spaces import builds_of
from edgemeter_server.devices.targets import known_target
from edgemeter_server.http.problems import Refusal
from edgemeter_server.predictors.measured import MEASURED_LEVEL, newest_measurements


def normalisers(connection: Connection, project: int, asked: ComparedOn) -> tuple[Normaliser, ...]:
    """One for each target, where a metric needs them. Raises Refusal NOT_FOUND, with how to get one."""
    if not NORMALISED.intersection(asked.metrics):
        return ()
    return tuple(_normaliser(connection, project, asked, target) for target in asked.targets)


def _normaliser(connection: Connection, project: int, asked: ComparedOn, target: str) -> Normaliser:
    weight = asked.weights.get(target, 1.0)
    if (given_ms := asked.normalisers_ms.get(target)) is not None:
        return Normaliser(target=target, latency_ms=given_ms, weight=weight, source="given")
    space, known = find_space(REFERENCE_SPACE), known_target(connection, target)
    text = to_text(space, from_text(space, REFERENCE))
    digest = bytes.fromhex(known.kind.recipe(builds_of(space), RecipeKind.ARCHITECTURE, text).sha256())
    measured = newest_measurements(connection, project, known.id, [digest]).get(digest)
    if measured is None:
        raise Refusal(
            ProblemType.NOT_FOUND,
            f"MobileNetV1 is not measured on {target}, which f_avg and f_max are normalised by: `edgemeter"
            f" submit {text} --target {target} --wait` measures it; or give another factor, `normalisers_ms`"
            f" (`--normaliser {target}=MS`)",
        )
    return Normaliser(
        target=target,
        latency_ms=measured.latency_ms,
        weight=weight,
        source="measured",
        measurement_id=measured.id,
        interval=Interval(low_ms=measured.low_ms, high_ms=measured.high_ms, level=MEASURED_LEVEL),
    )
