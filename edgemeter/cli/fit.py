"""`edgemeter fit`: a predictor of a space on a target, from what is measured there."""

import sys
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.command()
@click.argument("space")
@click.option("--target", "-t", "words", required=True, help="Words of one target, such as `openvino.int8`.")
@click.option("--model", default="auto", show_default=True, help="docs/predictors.md says which there are.")
@click.option("--keep", is_flag=True, help="Publish the version without letting it answer yet.")
@project_option
@json_option
@remote
def fit(
    client: "Client", space: str, words: str, model: str, keep: bool, project: str | None, as_json: bool
) -> None:
    """Fit a new version of a predictor on the server, and say how far it errs.

    `edgemeter profile SPACE --target T` measures what it is made of.
    """
    from edgemeter.cli.output import progress
    from edgemeter.cli.predictors import print_predictor
    from edgemeter.client.naming import one_target
    from edgemeter.client.predicting import FitFailedError

    target = one_target(list(client.targets()), words)
    try:
        with progress() as shown:
            shown.note(f"fitting {space} on {target}")
            document = client.fit(space, target, model=model, activate=not keep, project=project)
    except FitFailedError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(Exit.FAILED)
    print_predictor(document, as_json=as_json)
