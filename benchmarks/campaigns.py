"""A table of operators through the service, by one agent: `hurricane` on ONNX Runtime, and once more."""

import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Figure, at_most, main, reported
from edgemeter.cli.output import progress
from edgemeter.client import Client
from edgemeter.wire.campaigns import CampaignDocument, CampaignPlan, CampaignState, Purpose
from edgemeter_agents.commands.demo_service import demo_service
from edgemeter_server.campaigns.progress import mean_difference

SPACE = "hurricane"
_TURN_S = 0.25


@contextmanager
def service() -> Iterator[Client]:
    """A server and an agent of their own, which ends with the block."""
    with (
        tempfile.TemporaryDirectory(prefix="edgemeter-bench-") as folder,
        progress() as bar,
        demo_service(Path(folder), bar) as client,
    ):
        yield client


def target_of(client: Client, *words: str) -> str:
    """The one target of one thread that has all the words."""
    slugs = [row.slug for row in client.targets() if all(f"{word}" in row.slug for word in (*words, ".t1."))]
    if len(slugs) != 1:
        raise SystemExit(f"{len(slugs)} targets of {words}")
    return slugs[0]


def measured(client: Client, plan: CampaignPlan) -> tuple[CampaignDocument, float]:
    """The campaign when it has ended, and the seconds from asking to its end."""
    began_s = time.monotonic()
    campaign = client.create_campaign(plan)
    while campaign.state is CampaignState.ACTIVE:
        time.sleep(_TURN_S)
        campaign = client.campaign(campaign.id)
    return campaign, time.monotonic() - began_s


def failures(campaign: CampaignDocument) -> int:
    return sum(counts.failed for target in campaign.targets for counts in target.counts.values())


def valid_share(campaign: CampaignDocument) -> float:
    """Of what was measured, how much was undisturbed."""
    counts = [counts for target in campaign.targets for counts in target.counts.values()]
    return 1 - sum(c.invalid for c in counts) / max(1, sum(c.measured for c in counts))


def run() -> Sequence[Figure]:
    title = f"campaign: the operators of {SPACE} on ONNX Runtime"
    with service() as client:
        slug = target_of(client, "onnxruntime", ".fp32.")
        plan = CampaignPlan(space=SPACE, targets=(slug,), architectures=0, test=0, repeats=0, rounds=1)
        first, first_s = measured(client, plan)
        again, _ = measured(client, plan.model_copy(update={"fresh": True}))
        values = [_latencies(client, campaign) for campaign in (first, again)]
    error, both = mean_difference(*values)
    planned = first.targets[0].counts[Purpose.OPERATOR].planned
    return [
        at_most(f"{title}: {planned} networks, wall time", first_s, 60, " s"),
        at_most(f"{title}: not measured", failures(first) + failures(again), 0, ""),
        reported(f"{title}: undisturbed", 100 * min(valid_share(first), valid_share(again)), " %"),
        at_most(
            f"{title}: retest error of {both}, mean", 100 * (math.inf if error is None else error), 3, " %"
        ),
    ]


def _latencies(client: Client, campaign: CampaignDocument) -> dict[str, float]:
    results = client.campaign_results(campaign.id)
    return {each.text: each.latency_ms for each in results if each.valid and each.latency_ms is not None}


if __name__ == "__main__":
    main(run)
