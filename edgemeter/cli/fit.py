"""`edgemeter fit`: a predictor of a space on a target, from what is measured there."""

import sys
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgemeter.client import Client
    from edgemeter.wire.devices import TargetRow


@click.command()
@click.argument("space")
@click.option("--target", "-t", "words", required=True, help="Words of one target, such as `openvino.int8`.")
@click.option("--model", default="auto", show_default=True, help="docs/predictors.md says which there are.")
@click.option(
    "--from",
    "source_words",
    metavar="TARGET,TARGET",
    help="Targets whose predictors are prior, or `none`. Default: all there are, where few networks are "
    "measured; the fit finds those that are like the target.",
)
@click.option("--keep", is_flag=True, help="Publish the version without letting it answer yet.")
@project_option
@json_option
@remote
def fit(
    client: "Client",
    space: str,
    words: str,
    model: str,
    source_words: str | None,
    keep: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Fit a new version of a predictor on the server, and say how far it errs.

    `edgemeter profile SPACE --target T` measures what it is made of. On a new device ten architectures may do
    (`--contexts 0 --architectures 10`), where other targets have predictors of the space.
    """
    from edgemeter.cli.output import progress
    from edgemeter.cli.predictors import print_predictor
    from edgemeter.client.naming import one_target
    from edgemeter.client.predicting import FitFailedError

    known = list(client.targets())
    target, sources = one_target(known, words), _sources(known, source_words)
    try:
        with progress() as shown:
            shown.note(f"fitting {space} on {target}")
            document = client.fit(
                space, target, model=model, sources=sources, activate=not keep, project=project
            )
    except FitFailedError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(Exit.FAILED)
    print_predictor(document, as_json=as_json)


def _sources(known: "Sequence[TargetRow]", words: str | None) -> tuple[str, ...] | None:
    from edgemeter.client.naming import named_targets

    if words is None:
        return None
    return () if words == "none" else named_targets(known, words.split(","))
