"""`edgemeter evaluate`: how well would a model predict these measured latencies?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter_predictors.commands.extras import require

if TYPE_CHECKING:
    from edgemeter.spaces.space import Codes, Space
    from edgemeter_predictors.commands.tidy_files import TidyFile
    from edgemeter_predictors.data import SpaceData
    from edgemeter_predictors.evaluating import Evaluation
    from edgemeter_predictors.models import Model
    from edgemeter_predictors.predictor import Predictor
    from edgemeter_predictors.transferred import Source

#: Networks of another target's predictor: more of them improve a source by less than targets differ.
_SOURCE_ROWS: Final = 350


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--space",
    "space_name",
    required=True,
    help="The search space that `arch` is of, or the file of a generated one: only its networks are used.",
)
@click.option("--device", required=True, help="Whose latencies are predicted, as the file names it.")
@click.option(
    "--train",
    "train_rows",
    type=click.IntRange(min=1),
    default=900,
    show_default=True,
    help="Networks to fit on; all the others are predicted.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws which ones.")
@click.option(
    "--from",
    "source_names",
    metavar="DEVICE,DEVICE",
    help="Devices of the same file whose predictors are prior, for few networks. Name none that is the "
    "same hardware in other clothes, unless you mean to.",
)
@click.option("--model", "model_name", default="auto", show_default=True, help="One of the models, or auto.")
@click.option(
    "--prune",
    "view",
    help="Read every architecture as a compiler would leave it, as the space knows it: for comparisons of "
    "models that do not find out themselves.",
)
@click.option("--operators", type=FILE, help="A file of measured operators: `arch` is an operator's key.")
@click.option("--metric", default="latency", show_default=True, help="Which metric of the file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def evaluate(
    file: Path,
    space_name: str,
    device: str,
    train_rows: int,
    seed: int,
    source_names: str | None,
    model_name: str,
    view: str | None,
    operators: Path | None,
    metric: str,
    as_json: bool,
) -> None:
    """Judge a cost model on measured latencies.

    FILE is Parquet with the columns arch_id, arch, device, metric, value, unit. A model is fitted on a random
    part of the device's networks, chosen and calibrated within that part, and asked about all the others.
    Networks in which nothing of the input reaches the output are left out.
    """
    from edgemeter.spaces.subset import root
    from edgemeter.spaces.subset_files import open_space

    require("predictors,tables", "pyarrow", "scipy", "sklearn")
    from threadpoolctl import threadpool_limits

    from edgemeter_predictors.commands.tidy_files import TidyFile, operator_table
    from edgemeter_predictors.evaluating import evaluate as judge
    from edgemeter_predictors.evaluating import split

    space, data_file = open_space(space_name), TidyFile(file, metric)
    table = operator_table(root(space), TidyFile(operators, metric).column(device)) if operators else None
    try:
        data = _data(space, data_file, device, view)
        known, asked = split(replace(data, table=table), train_rows, seed)
        # On matrices of this size threads cost more than they give, above all beside other work.
        with threadpool_limits(1):
            model = _model(model_name, _sources(space, data_file, source_names, view, seed))
            evaluation, predictor = judge(model, known, asked)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _print(evaluation, predictor, as_json)


def _data(space: "Space", file: "TidyFile", device: str, view: str | None) -> "SpaceData":
    from edgemeter.spaces.subset import root
    from edgemeter_predictors.commands.tidy_files import networks_of
    from edgemeter_predictors.data import SpaceData

    codes, latency_ms = networks_of(space, file.column(device))
    space = root(space)
    if view is not None:
        views = space.compiled(codes)
        if view not in views:
            raise click.BadParameter(f"{space.name} knows {', '.join(views)}", param_hint="--prune")
        codes = views[view]
    return SpaceData(space, codes, latency_ms)


def _sources(
    space: "Space", file: "TidyFile", names: str | None, view: str | None, seed: int
) -> "tuple[Source, ...]":
    """Predictors of the other devices, each fitted here as it would have been when it was published."""
    from edgemeter.cli.output import progress
    from edgemeter_predictors.evaluating import source
    from edgemeter_predictors.gaussian_process import GaussianProcess

    wanted = [name.strip() for name in (names or "").split(",") if name.strip()]
    found = []
    with progress() as shown:
        shown.total(len(wanted))
        for name in wanted:
            shown.step(f"predictor of {name}")
            data = _data(space, file, name, view)
            found.append(source(name, data, GaussianProcess(), _SOURCE_ROWS, seed))
    return tuple(found)


def _model(name: str, sources: "tuple[Source, ...]") -> "Model":
    from edgemeter_predictors.models import find_model

    return find_model(name, sources)


def _print(evaluation: "Evaluation", predictor: "Predictor[Codes]", as_json: bool) -> None:
    from dataclasses import asdict

    from edgemeter.cli.output import note_console, print_json
    from edgemeter.cli.tables import print_facts

    document = {
        key: None if value != value else value  # a rank correlation of ties is no number
        for key, value in asdict(evaluation).items()
    }
    note_console().print(predictor.fitted.explanation, markup=False, highlight=False)
    if as_json:
        print_json(document)
    else:
        print_facts(
            (name, f"{value:.4g}" if isinstance(value, float) else value) for name, value in document.items()
        )
