"""`edgemeter kernels publish`: a predictor of any network, handed in to a server."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.command()
@click.option("--target", "-t", "words", required=True, help="Words of one target of the server.")
@click.option(
    "--file", "-f", "file", type=FILE, help="Default: what `edgemeter kernels fit` has saved of it."
)
@click.option("--keep-active", is_flag=True, help="Publish it, but let the version that answers now go on.")
@click.option("--stale", is_flag=True, help="Also where the target runs another engine than it is of.")
@project_option
@json_option
@remote
def publish(
    client: "Client",
    words: str,
    file: Path | None,
    keep_active: bool,
    stale: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Hand in the predictor of a target: the server's next version, which answers for any file from then on.

    `edgemeter predictors` lists, compares, activates and downloads it as any other.
    """
    from edgemeter.cli.predictors import print_predictor
    from edgemeter.client.naming import one_target
    from edgemeter.kernels.places import predictor_path, saved_predictor

    target = one_target(list(client.targets()), words)
    if file is None:
        saved_predictor(target)  # says how to get one
        file = predictor_path(target)
    document = client.publish_kernels(file, target, activate=not keep_active, stale=stale, project=project)
    print_predictor(document, as_json=as_json)
