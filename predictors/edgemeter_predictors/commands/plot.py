"""`edgemeter plot`: pictures of how well a target is predicted, and of what its spaces are like."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from edgemeter.cli.comparing import comparing, wanted_of
from edgemeter.cli.remote import project_option, remote
from edgemeter_predictors.commands.extras import require

if TYPE_CHECKING:
    from edgemeter.client import Client

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)

target_option = click.option("--target", "-t", "words", required=True, help="Words of one target.")
all_option = click.option(
    "--all",
    "all_networks",
    is_flag=True,
    help="Also networks that it was fitted on: it looks better than it is.",
)
output_option = click.option(
    "--output", "-o", "file", type=_FILE, required=True, help="The picture: .png, .svg or .pdf."
)


@click.group()
def plot() -> None:
    """Draw how well a target is predicted."""


@plot.command()
@click.argument("space")
@target_option
@all_option
@output_option
@project_option
@remote
def predicted(
    client: "Client", space: str, words: str, all_networks: bool, file: Path, project: str | None
) -> None:
    """True latencies against predicted ones, with their intervals.

    Of networks that the predictor has not been fitted on: a campaign's tests, and what was measured since.
    """
    _prepare(file)
    from edgemeter.client.naming import one_target
    from edgemeter.plots.predicted import Predicted, draw
    from edgemeter.spaces.registry import find_space
    from edgemeter_predictors.commands.measured import foreseen

    target = one_target(list(client.targets()), words)
    found = foreseen(client, find_space(space), target, project, all_networks=all_networks)
    latencies = (found.measured_ms, found.predicted_ms, found.low_ms, found.high_ms)
    draw(Predicted(f"{space} on {target}", *latencies, level=0.9), file)
    _told(file)


@plot.command()
@click.argument("space")
@target_option
@all_option
@output_option
@project_option
@remote
def residuals(
    client: "Client", space: str, words: str, all_networks: bool, file: Path, project: str | None
) -> None:
    """Errors by the family of operators that takes most of a network's time."""
    _prepare(file)
    from edgemeter.client.naming import one_target
    from edgemeter.plots.boxes import draw
    from edgemeter.spaces.registry import find_space
    from edgemeter_predictors.commands.families import residuals_by_family
    from edgemeter_predictors.commands.measured import foreseen

    target = one_target(list(client.targets()), words)
    found = foreseen(client, known := find_space(space), target, project, all_networks=all_networks)
    draw(f"{space} on {target}: by the family that takes most time", residuals_by_family(known, found), file)
    _told(file)


@plot.command()
@click.argument("space")
@target_option
@click.option("--model", default="auto", show_default=True, help="docs/predictors.md says which there are.")
@click.option(
    "--draws", type=click.IntRange(1, 100), default=5, show_default=True, help="Parts of each size."
)
@output_option
@project_option
@remote
def learning(
    client: "Client", space: str, words: str, model: str, draws: int, file: Path, project: str | None
) -> None:
    """The learning curve: errors of a model that is fitted, here, on more and more measured networks."""
    _prepare(file)
    from threadpoolctl import threadpool_limits

    from edgemeter.client.naming import one_target
    from edgemeter.plots.learning import Learning, draw
    from edgemeter.spaces.registry import find_space
    from edgemeter_predictors.commands.measured import space_data
    from edgemeter_predictors.contract import NotApplicable
    from edgemeter_predictors.learning import learning_curve
    from edgemeter_predictors.models import find_model

    target = one_target(list(client.targets()), words)
    data = space_data(client, find_space(space), target, project)
    try:
        with threadpool_limits(1):
            curve = learning_curve(find_model(model), data, draws)
    except NotApplicable as error:
        raise click.ClickException(str(error)) from None
    floor = 100 * data.retest_error
    title = f"{model} on {space}, {target}"
    draw(Learning(title, curve.networks, curve.errors_percent, None if floor != floor else floor), file)
    _told(file)


@plot.command()
@click.argument("spaces", nargs=-1, required=True)
@target_option
@click.option("--count", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the sample.")
@output_option
@project_option
@remote
def distribution(
    client: "Client",
    spaces: tuple[str, ...],
    words: str,
    count: int,
    seed: int,
    file: Path,
    project: str | None,
) -> None:
    """How latency is distributed over architectures sampled from SPACES.

    A space is an installed one's name, or the file of a generated one.
    """
    _prepare(file)
    from edgemeter.client.naming import one_target
    from edgemeter.plots.distribution import draw
    from edgemeter.spaces.sampling import sample
    from edgemeter.spaces.subset_files import open_space

    target = one_target(list(client.targets()), words)
    latencies = {}
    for name in spaces:
        codes = sample(space := open_space(name), count, seed)
        latencies[space.name] = client.predictor(name, target, project=project).predict(codes).mean_ms
    draw(f"{count:,} architectures each, predicted on {target}", latencies, file)
    _told(file)


@plot.command()
@click.argument("space")
@click.option("--count", type=click.IntRange(2, 10_000), default=2_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the sample.")
@comparing
@output_option
@project_option
@remote
def pareto(
    client: "Client",
    space: str,
    count: int,
    seed: int,
    metrics: str | None,
    file: Path,
    project: str | None,
    **asked: Any,
) -> None:
    """Two metrics of architectures sampled from a SPACE, and their Pareto front.

    --metrics names both; where not said they are the latency and the parameters, or of several targets f_max.
    """
    _prepare(file)
    from edgemeter.plots.front import draw
    from edgemeter.spaces.sampling import sample
    from edgemeter.spaces.subset_files import open_space
    from edgemeter.spaces.text import to_text
    from edgemeter_predictors.commands.fronts import axes, two_metrics

    wanted = wanted_of(client, metrics=metrics, project=project, **asked)
    wanted["metrics"] = names = two_metrics(wanted["metrics"], wanted["targets"])
    known = open_space(space)
    found = client.metrics(space, [to_text(known, row) for row in sample(known, count, seed)], **wanted)
    draw(f"{known.name} on {', '.join(wanted['targets'])}", *axes(found, names), file)
    _told(file)


def _prepare(file: Path) -> None:
    """Before anything that takes long."""
    from edgemeter.plots.pictures import check

    require("predictors,plots", "scipy", "matplotlib")
    check(file)


def _told(file: Path) -> None:
    click.echo(f"saved as {file}", err=True)
