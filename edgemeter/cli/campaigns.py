"""Campaigns on the terminal: begun or gone on with, watched, summarised."""

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgemeter.cli.durations import spoken
from edgemeter.cli.exits import Exit
from edgemeter.cli.output import Progress, data_console, note_console, progress
from edgemeter.cli.tables import print_document, print_facts, print_listing, print_table
from edgemeter.cli.text import plain
from edgemeter.wire.campaigns import CampaignDocument, CampaignPlan, CampaignState, CampaignTarget, Purpose

if TYPE_CHECKING:
    from edgemeter.client import Client

_TURN_S = 1.0
_TEXT_SIGNS = 200
_LISTED = 10  #: unsupported networks that are shown
_COLUMNS = ("number#", "space", "targets", "state", "measured#", "of#", "failed#", "device time#", "begun")
_TITLES = {
    Purpose.OPERATOR: "operators",
    Purpose.TRAIN: "architectures",
    Purpose.TEST: "to judge by",
    Purpose.REPEAT: "repeats",
}


def begun(client: "Client", plan: CampaignPlan, project: str | None) -> CampaignDocument:
    """The same campaign where it is under way, else a new one."""
    for known in client.campaigns():
        same_project = project is None or known.project == project
        if known.state is CampaignState.ACTIVE and known.plan == plan and same_project:
            note_console().print(f"[dim]Going on with campaign {known.id}.[/]")
            if mixed := _mixed(known):
                note_console().print(f"[yellow]{mixed}[/]")
            return known
    campaign = client.create_campaign(plan, project=project)
    note_console().print(f"[dim]Campaign {campaign.id} has begun: {planned(campaign)} networks.[/]")
    return campaign


def watch(client: "Client", campaign: CampaignDocument) -> CampaignDocument:
    """Until it has ended. Whoever interrupts is told how to go on."""
    try:
        with progress() as bar:
            return follow(client, campaign, bar)
    except KeyboardInterrupt:
        sys.stderr.write(
            f"The campaign goes on. To watch it: edgemeter campaign show {campaign.id} --wait. "
            f"To end it: edgemeter campaign cancel {campaign.id}\n"
        )
        raise


def follow(client: "Client", campaign: CampaignDocument, bar: Progress) -> CampaignDocument:
    """Until it has ended; `bar` is told how far it is and what it waits for."""
    waits, rounds = "", {target.target: target.round for target in campaign.targets}
    while True:
        for target in campaign.targets:
            if target.round > rounds[target.target]:
                rounds[target.target] = target.round
                bar.note(_round(target, campaign.plan.rounds))
        bar.total(max(planned(campaign), 1))
        bar.reach(ended(campaign), _line(campaign))
        if campaign.state is not CampaignState.ACTIVE:
            return campaign
        said = "; ".join(f"{each.target}: {each.waits_for}" for each in campaign.targets if each.waits_for)
        if said and said != waits:
            bar.note(f"Waiting: {said}")
        waits = said
        time.sleep(_TURN_S)
        campaign = client.campaign(campaign.id)


def planned(campaign: CampaignDocument) -> int:
    return sum(counts.planned for target in campaign.targets for counts in target.counts.values())


def ended(campaign: CampaignDocument) -> int:
    return sum(map(_ended, campaign.targets))


def _ended(target: CampaignTarget) -> int:
    return sum(
        counts.measured + counts.stored + counts.failed + counts.cancelled
        for counts in target.counts.values()
    )


def exit_code(campaign: CampaignDocument) -> Exit:
    failed = any(counts.failed for target in campaign.targets for counts in target.counts.values())
    return Exit.FAILED if failed else Exit.OK


def print_list(campaigns: Iterable[CampaignDocument]) -> None:
    none = "No campaigns. `edgemeter profile SPACE --target TARGET` begins one."
    print_listing(_COLUMNS, map(_row, campaigns), none)


def print_campaign(campaign: CampaignDocument, *, as_json: bool) -> None:
    if as_json:
        print_document("campaign", {"campaign": campaign.model_dump(mode="json")})
        return
    plan = campaign.plan
    print_facts(
        (
            ("campaign", campaign.id),
            ("space", f"{plan.shown_space}, version {campaign.version}"),
            ("protocol", plan.protocol),
            ("versions", _mixed(campaign)),
            ("state", campaign.state),
            ("begun", campaign.created_at),
            ("ended", campaign.ended_at),
        )
    )
    for target in campaign.targets:
        _print_target(target)


def _print_target(target: CampaignTarget) -> None:
    data_console().print(f"\n[bold]{plain(target.target, _TEXT_SIGNS)}[/]")
    print_table(
        (
            "",
            "planned#",
            "measured#",
            "stored#",
            "invalid#",
            "failed#",
            "cancelled#",
            "waiting#",
            "running#",
        ),
        (
            (
                _TITLES[purpose],
                c.planned,
                c.measured,
                c.stored,
                c.invalid,
                c.failed,
                c.cancelled,
                c.waiting,
                c.running,
            )
            for purpose in Purpose
            if (c := target.counts.get(purpose)) is not None
        ),
    )
    print_facts(
        (
            ("operators", _sampled(target)),
            ("retest error", _retest(target)),
            ("device time", spoken(target.device_s) if target.device_s else None),
            ("remaining", spoken(target.remaining_s) if target.remaining_s else None),
            ("waits", target.waits_for),
        )
    )
    for each in target.unsupported[:_LISTED]:
        console = data_console()
        text, message = plain(each.text, _TEXT_SIGNS), plain(each.message, _TEXT_SIGNS)
        console.print(f"[yellow]{text}[/]: {each.failure_kind}: {message}")
    if len(target.unsupported) > _LISTED:
        data_console().print(f"and {len(target.unsupported) - _LISTED} more; --json has all")


def _mixed(campaign: CampaignDocument) -> str | None:
    counts = [counts for target in campaign.targets for counts in target.counts.values()]
    if not (old := sum(each.outdated for each in counts)):
        return None
    return (
        f"{old} of {planned(campaign)} networks are of another version of `{campaign.plan.protocol}` than"
        f" today's; `edgemeter campaign resume {campaign.id}` measures them anew"
    )


def _sampled(target: CampaignTarget) -> str | None:
    counts = target.counts.get(Purpose.OPERATOR)
    if counts is None or counts.planned >= target.contexts:
        return None
    guessed = "a fit guesses the others where half of all are measured"
    return f"a sample of {counts.planned} of {target.contexts}; {guessed}"


def _retest(target: CampaignTarget) -> str | None:
    if target.retest_error is None:
        return None
    return f"{100 * target.retest_error:.2g} % over {target.repeated} networks that were measured twice"


def _round(target: CampaignTarget, rounds: int) -> str:
    again = sum(counts.planned for counts in target.counts.values()) - _ended(target)
    return (
        f"{target.target}: {again} measurements were disturbed, and are made anew"
        f" (round {target.round} of at most {rounds})"
    )


def _line(campaign: CampaignDocument) -> str:
    left = [target.remaining_s for target in campaign.targets if target.remaining_s]
    spent_s = sum(target.device_s for target in campaign.targets)
    remaining = f", about {spoken(max(left))} left" if left else ""
    return f"{campaign.plan.shown_space}: {spoken(spent_s)} of device time{remaining}"


def _row(campaign: CampaignDocument) -> tuple[object, ...]:
    counts = [counts for target in campaign.targets for counts in target.counts.values()]
    return (
        campaign.id,
        campaign.plan.shown_space,
        ", ".join(campaign.plan.targets),
        campaign.state,
        sum(each.measured + each.stored for each in counts),
        sum(each.planned for each in counts),
        sum(each.failed for each in counts),
        spoken(sum(target.device_s for target in campaign.targets)),
        campaign.created_at,
    )
