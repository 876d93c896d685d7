"""What predictors are fitted from: the operators of `hurricane` and 50 architectures, target by target."""

from collections.abc import Sequence

from benchmarks.campaigns import SPACE, failures, measured, service, target_of, valid_share
from benchmarks.report import Figure, at_most, main, reported
from edgemeter.wire.campaigns import CampaignPlan

TARGETS = tuple(
    (runtime, precision)
    for runtime in ("onnxruntime", "openvino", "litert")
    for precision in ("fp32", "int8")
)


def run() -> Sequence[Figure]:
    figures: list[Figure] = []
    with service() as client:
        for runtime, precision in TARGETS:
            slug = target_of(client, runtime, f".{precision}.")
            plan = CampaignPlan(space=SPACE, targets=(slug,), architectures=50, test=0, repeats=0, rounds=1)
            campaign, took_s = measured(client, plan)
            title = f"campaign: operators of {SPACE} and 50 architectures, {runtime} {precision}"
            figures += [
                at_most(f"{title}: wall time", took_s, 240, " s"),
                at_most(f"{title}: not measured", failures(campaign), 0, ""),
                reported(f"{title}: undisturbed", 100 * valid_share(campaign), " %"),
            ]
    return figures


if __name__ == "__main__":
    main(run)
