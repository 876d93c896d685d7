"""`edgemeter profile`: a whole search space measured on targets."""

import sys
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.durations import DurationType
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.command()
@click.argument("space")
@click.option(
    "--target",
    "-t",
    "targets",
    multiple=True,
    required=True,
    help="Where: words of targets such as `openvino.int8`; a whole one is waited for. May be repeated.",
)
@click.option(
    "--architectures", type=click.IntRange(0), default=50, show_default=True, help="To train a predictor on."
)
@click.option("--test", type=click.IntRange(0), default=20, show_default=True, help="To judge it by.")
@click.option(
    "--contexts",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Of a space with more distinct operators, measure a sample of so many: a predictor wants half.",
)
@click.option(
    "--budget", "budget_s", type=DurationType(), help="Stop when devices have spent so much: 5m, 2h."
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 10),
    default=3,
    show_default=True,
    help="Measure what was disturbed anew, in so many rounds at most.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the sample.")
@click.option("--fresh", is_flag=True, help="Measure again what is stored.")
@click.option("--layers", is_flag=True, help="Profile the layers of the architectures too.")
@click.option(
    "--active", is_flag=True, help="Train on what the target's predictor knows least, where it has one."
)
@click.option("--no-wait", is_flag=True, help="Only begin; `edgemeter campaign show` tells how far it is.")
@project_option
@json_option
@remote
def profile(
    client: "Client",
    space: str,
    targets: tuple[str, ...],
    architectures: int,
    test: int,
    contexts: int,
    budget_s: float | None,
    rounds: int,
    seed: int,
    fresh: bool,
    layers: bool,
    active: bool,
    no_wait: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Measure every operator of SPACE in its contexts, and a sample of its architectures.

    SPACE is a name (see `edgemeter space list`) or the file of a generated space.
    What is stored is not measured again, and the same command goes on where it was interrupted: the campaign
    runs on the server. Exit code 4: something could not be measured; the summary says what.
    """
    from edgemeter.cli import campaigns
    from edgemeter.client.generated import plan_of
    from edgemeter.client.naming import named_targets

    plan = plan_of(
        space,
        targets=named_targets(list(client.targets()), targets),
        contexts=contexts,
        architectures=architectures,
        test=test,
        rounds=rounds,
        seed=seed,
        fresh=fresh,
        layers=layers,
        budget_s=budget_s,
        active=active,
    )
    found = campaigns.begun(client, plan, project)
    if not no_wait:
        found = campaigns.watch(client, found)
    campaigns.print_campaign(found, as_json=as_json)
    sys.exit(campaigns.exit_code(found))
