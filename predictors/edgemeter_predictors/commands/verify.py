"""`edgemeter verify`: a search's finalists measured, and what trusting the predictions has cost."""

import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import json_option, project_option, remote
from edgemeter_predictors.commands.extras import require

if TYPE_CHECKING:
    from edgemeter.cli.finalists import Finalist
    from edgemeter.client import Client
    from edgemeter.client.planning import Wishes
    from edgemeter_predictors.commands.verified import Verified


@click.command()
@click.argument("space")
@click.argument("architectures", nargs=-1)
@click.option(
    "--file", "-f", "file", type=FILE, help="One architecture a line, and after blanks its quality."
)
@click.option("--target", "-t", "words", required=True, help="Words of one target, such as `openvino.int8`.")
@click.option(
    "--max-latency-ms",
    "limit_ms",
    type=click.FloatRange(min=0, min_open=True),
    help="The search's limit: the best quality is sought among those below it.",
)
@click.option(
    "--protocol",
    type=click.Choice(["precise", "survey"]),
    default="precise",
    show_default=True,
    help="How thoroughly they are measured.",
)
@click.option("--fresh", is_flag=True, help="Measure again, even where a valid measurement is stored.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=0), help="Wait no longer than so many seconds."
)
@project_option
@json_option
@remote
def verify(
    client: "Client",
    space: str,
    architectures: tuple[str, ...],
    file: Path | None,
    words: str,
    limit_ms: float | None,
    protocol: str,
    fresh: bool,
    timeout_s: float | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Measure the architectures that a search ended with, and tell the regret.

    Each is predicted by the predictor that answers now, and measured on the target. The regret is what the
    search lost by trusting predictions: how much slower the one predicted to be fastest is than the fastest,
    and, where qualities are given, how much better a network below the limit there was. What is stored is not
    measured again: the same command goes on where it was interrupted. Exit code 4: something could not be
    measured.
    """
    require("predictors", "scipy")
    from edgemeter.cli.exits import Exit
    from edgemeter.cli.finalists import read_finalists
    from edgemeter.client.naming import one_target
    from edgemeter.client.planning import Wishes
    from edgemeter.spaces.subset_files import open_space
    from edgemeter.wire.specs import JobSpec
    from edgemeter_predictors.commands.verified import print_report, report

    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    finalists = read_finalists(open_space(space), architectures, lines)
    wishes = Wishes(spec=JobSpec(protocol=protocol), fresh=fresh)
    target = one_target(list(client.targets()), words)
    verified = _measured(client, space, target, finalists, wishes, project, timeout_s)
    document = report(client, space, target, verified, inf if limit_ms is None else limit_ms)
    print_report(document, verified, as_json=as_json)
    sys.exit(Exit.OK if all(each.measured_ms for each in verified) else Exit.FAILED)


def _measured(
    client: "Client",
    space: str,
    target: str,
    finalists: "Sequence[Finalist]",
    wishes: "Wishes",
    project: str | None,
    timeout_s: float | None,
) -> "list[Verified]":
    """Predicted first: what was measured meanwhile is no reason for another predictor to answer."""
    from edgemeter.cli.answers import wait_for
    from edgemeter_predictors.commands.verified import Verified

    texts = [finalist.text for finalist in finalists]
    estimates = client.estimates(space, texts, target, measured=False, project=project)
    asked = client.submit_architectures(space, texts, target, wishes=wishes, project=project)
    answers = wait_for(client, asked, timeout_s)
    return [Verified(*each) for each in zip(finalists, estimates, answers, strict=True)]
