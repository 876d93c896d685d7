"""The page that goes with an exported table: what is in it, how it was measured, what it is not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from edgemeter import __version__
from edgemeter.spaces.table_files import Row
from edgemeter.wire.campaigns import CampaignDocument, CampaignTarget, Purpose

_CARD: Final = """\
# {file}

Latencies of the search space `{space}`{part}, version {version}, measured by EdgeMeter {edgemeter} in
campaign {campaign} of project `{project}`, begun {begun:%Y-%m-%d %H:%M} UTC; the campaign is {state}.

## What is in it

| target | operators | train | test | repeats | invalid | failed | retest error | device time |
|---|---|---|---|---|---|---|---|---|
{targets}

{sampled}{rows:,} rows. `metric` is `latency` for an architecture, `op_latency` for one operator in its
context; `value` is in `unit`, per invocation, whatever the batch. `low` and `high` are where
another session is expected with probability `level`. `purpose` tells for what a network was
measured; those of `repeat` were measured before.

## How it was measured

Protocol `{protocol}`, on {devices}. The `device` of a row is a target: device model, processor, runtime and
version, precision, threads, batch. Networks were built from their codes, with weights that follow from the
architecture: a latency is that of the structure, not of trained weights. `file_sha256` is the file that was
measured. The order was random. Architectures were drawn with seed {seed}, by turns uniform and with a skewed
mix of operators: they are no sample of what a search visits.

## What to know before use

Rows with `valid` false were disturbed; do not train on them. Sums of `op_latency` do not give the `latency`
of an architecture. Networks that failed are in no row.
"""


def data_card(campaign: CampaignDocument, rows: Sequence[Row], file_name: str) -> str:
    """Markdown."""
    plan = campaign.plan
    return _CARD.format(
        file=file_name,
        space=plan.space,
        part="" if plan.part is None else f", of its part `{plan.part.name}` alone",
        version=campaign.version,
        edgemeter=__version__,
        campaign=campaign.id,
        project=campaign.project,
        begun=campaign.created_at,
        state=campaign.state.value,
        targets="\n".join(_line(target) for target in campaign.targets),
        sampled="".join(_sampled(campaign.targets)),
        rows=len(rows),
        protocol=plan.protocol,
        devices=_listed(row["measured_on"] for row in rows),
        seed=plan.seed,
    )


def _line(target: CampaignTarget) -> str:
    counts = target.counts
    known = {purpose: c.measured + c.stored for purpose, c in counts.items()}
    cells = [str(known.get(purpose, 0)) for purpose in Purpose]
    invalid, failed = (sum(getattr(c, name) for c in counts.values()) for name in ("invalid", "failed"))
    error = "" if target.retest_error is None else f"{100 * target.retest_error:.2g} %"
    shown = (f"`{target.target}`", *cells, str(invalid), str(failed), error, f"{target.device_s:.0f} s")
    return f"| {' | '.join(shown)} |"


def _sampled(targets: Iterable[CampaignTarget]) -> list[str]:
    found = []
    for target in targets:
        counts = target.counts.get(Purpose.OPERATOR)
        if counts is not None and counts.planned < target.contexts:
            text = f"Of {target.contexts:,} distinct operators a sample of {counts.planned:,} was planned for"
            found.append(f"{text} `{target.target}`.\n\n")
    return found


def _listed(values: Iterable[object]) -> str:
    counted = Counter(str(value) for value in values)
    return ", ".join(f"`{name}` ({count:,} rows)" for name, count in counted.most_common()) or "no device"
