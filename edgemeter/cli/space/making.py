"""`edgemeter space generate` and `space intersect`: spaces made of what targets have shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import json_option
from edgemeter.cli.space.looking import space_argument

if TYPE_CHECKING:
    from edgemeter.spaces.subset import Subset

output_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the space here, as .json."
)
name_option = click.option("--name", help="Of the new space. Default: after the old one and the targets.")


class NumbersType(click.ParamType[tuple[int, ...]]):
    """`1,17-20` -> (1, 17, 18, 19, 20)."""

    name = "N-N,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        numbers: list[int] = []
        for part in str(value).split(","):
            first, _, last = part.partition("-")
            try:
                numbers += range(int(first), int(last or first) + 1)
            except ValueError:
                self.fail(f"{value!r} is not numbers and ranges; write them as 1,17-20", param, ctx)
        return tuple(numbers)


@click.command()
@space_argument
@click.option("--latencies", type=FILE, help="Of its operators: .json, .csv or .parquet.")
@click.option("--alpha", type=click.FloatRange(min=0), default=0.1, show_default=True)
@click.option("--top", type=click.IntRange(min=1), default=4, show_default=True, help="Operators of a layer.")
@click.option("--explore", type=NumbersType(), default=(), help="Layers with one more operator, as 17-20.")
@click.option("--exploring-rank", type=click.IntRange(min=2), help="Which one more. Default: the next.")
@click.option("--per", type=click.Choice(["stage", "layer"]), default="stage", show_default=True)
@click.option("--whole-network", is_flag=True, help="Score by the latency of the network with the operator.")
@name_option
@output_option
@json_option
def generate(
    space_name: str,
    latencies: Path | None,
    alpha: float,
    top: int,
    explore: tuple[int, ...],
    exploring_rank: int | None,
    per: str,
    whole_network: bool,
    name: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Make the space of the operators that do most for their latency, layer by layer.

    The score is HURRICANE's eq. 2, (multiply-adds x parameters)^alpha / latency; with `--per stage` the
    geometric mean of the stage's layers. `=` stands between operators whose order the latencies leave open.
    """
    from edgemeter.cli.space.made import print_ranked, print_ranked_document
    from edgemeter.spaces.latency_files import read_latencies
    from edgemeter.spaces.scores import aware_space, rank
    from edgemeter.spaces.subset_files import open_space

    if latencies is None:
        raise click.UsageError("--latencies FILE says what is known of the operators")
    base = open_space(space_name)
    known = read_latencies(latencies, base)
    rankings = rank(base, known, alpha, by_stage=per == "stage", whole_network=whole_network)
    origin = {"latencies": latencies.name, "alpha": alpha, "top": top, "per": per, "explore": list(explore)}
    made = aware_space(
        base,
        rankings,
        name or f"{base.name}-{latencies.stem}",
        top=top,
        explore=explore,
        exploring_rank=exploring_rank,
        origin=origin,
    )
    _save(made, output)
    (print_ranked_document if as_json else print_ranked)(made, rankings, explore)


@click.command()
@space_argument
@click.option("--targets", "first", multiple=True, metavar="TARGET...", help="One or more.")
@click.argument("more", nargs=-1, metavar="")
@click.option("--facts", type=FILE, multiple=True, help="What targets support. May be repeated.")
@name_option
@output_option
@json_option
def intersect(
    space_name: str,
    first: Sequence[str],
    more: Sequence[str],
    facts: Sequence[Path],
    name: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Make the space of what all targets run without falling back to another processor.

    The facts are those of `edgemeter capabilities`: of each target, whether an operator in its context ran
    fully where it should.
    """
    from edgemeter.cli.space.made import print_common, print_common_document
    from edgemeter.spaces.fact_files import read_facts
    from edgemeter.spaces.intersection import intersect as common
    from edgemeter.spaces.subset_files import open_space

    if not facts:
        raise click.UsageError("--facts FILE says what is known of the targets")
    base = open_space(space_name)
    known = read_facts(facts, base)
    targets = (*first, *more) or tuple(known)
    missing = [target for target in targets if target not in known]
    if missing:
        raise click.UsageError(f"nothing is known of {missing[0]}: there are {', '.join(sorted(known))}")
    found = common(base, {target: known[target] for target in targets}, name or f"{base.name}-common")
    _save(found.space, output)
    (print_common_document if as_json else print_common)(base, found)


def _save(made: "Subset", output: Path | None) -> None:
    from edgemeter.spaces.subset_files import write_subset

    if output is not None:
        if output.suffix != ".json":
            raise click.UsageError("a space's file is .json")
        try:
            write_subset(made, output)
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
