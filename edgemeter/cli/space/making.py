"""`edgemeter space generate` and `space intersect`: spaces made of what targets have shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import Connect, connecting, json_option
from edgemeter.cli.space.looking import space_argument

if TYPE_CHECKING:
    from edgemeter.spaces.scores import Latency
    from edgemeter.spaces.space import Space
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
@click.option(
    "--target", "-t", metavar="TARGET", help="By its measured operators; words such as `openvino.int8`."
)
@click.option("--latencies", type=FILE, help="Or by those of a file: .json, .csv or .parquet.")
@click.option("--alpha", type=click.FloatRange(min=0), default=0.1, show_default=True)
@click.option("--top", type=click.IntRange(min=1), default=4, show_default=True, help="Operators of a layer.")
@click.option("--explore", type=NumbersType(), default=(), help="Layers with one more operator, as 17-20.")
@click.option("--exploring-rank", type=click.IntRange(min=2), help="Which one more. Default: the next.")
@click.option("--per", type=click.Choice(["stage", "layer"]), default="stage", show_default=True)
@click.option("--whole-network", is_flag=True, help="Score by the latency of the network with the operator.")
@name_option
@output_option
@json_option
@connecting
def generate(
    connect: Connect,
    space_name: str,
    target: str | None,
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

    if (target is None) == (latencies is None):
        raise click.UsageError(
            "one of --target SLUG and --latencies FILE says what is known of the operators"
        )
    base = open_space(space_name)
    if latencies is not None:
        source, known = latencies.stem, read_latencies(latencies, base)
    else:
        source, known = _measured(connect, base, str(target))
    rankings = rank(base, known, alpha, by_stage=per == "stage", whole_network=whole_network)
    origin = {"latencies": source, "alpha": alpha, "top": top, "per": per, "explore": list(explore)}
    made = aware_space(
        base,
        rankings,
        name or f"{base.name}-{source}",
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
@click.option("--facts", type=FILE, multiple=True, help="From files, not the server. May be repeated.")
@name_option
@output_option
@json_option
@connecting
def intersect(
    connect: Connect,
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

    targets = (*first, *more)
    if not targets and not facts:
        raise click.UsageError("--targets says of which")
    base = open_space(space_name)
    known = read_facts(facts, base) if facts else _shown(connect, base, targets)
    # The server's are those that the words name; of files, words are whole names.
    targets = targets if facts and targets else tuple(known)
    missing = [target for target in targets if target not in known]
    if missing:
        raise click.UsageError(f"nothing is known of {missing[0]}: there are {', '.join(sorted(known))}")
    found = common(base, {target: known[target] for target in targets}, name or f"{base.name}-common")
    _save(found.space, output)
    (print_common_document if as_json else print_common)(base, found)


def _measured(connect: Connect, space: "Space", words: str) -> "tuple[str, dict[str, Latency]]":
    """The target, and the newest valid latency of each operator that the server has of it."""
    from edgemeter.client.naming import named_targets
    from edgemeter.spaces.scores import Latency
    from edgemeter.spaces.subset import root

    with connect() as client:
        target, *others = named_targets(list(client.targets()), [words])
        if others:
            raise click.UsageError(f"{words!r} fits several targets: {', '.join([target, *others])}")
        table = client.operator_table(target, space)
    _require_version(root(space), table.version)
    if not table.rows:
        raise click.ClickException(
            f"no operator of {table.space} is measured on {target};"
            f" `edgemeter profile {table.space} --target {target}` does it"
        )
    known = {row.text: Latency(row.latency_ms, row.low_ms, row.high_ms) for row in table.rows}
    return target, known


def _shown(connect: Connect, space: "Space", words: Sequence[str]) -> dict[str, dict[str, str]]:
    from edgemeter.client.naming import named_targets
    from edgemeter.spaces.intersection import UNKNOWN
    from edgemeter.spaces.subset import root

    found = {}
    with connect() as client:
        for target in named_targets(list(client.targets()), words):
            known = client.capabilities(target, space)
            _require_version(root(space), known.version)
            facts = found[target] = {each.key: each.support.value for each in known.contexts}
            if set(facts.values()) <= {UNKNOWN}:
                raise click.ClickException(
                    f"nothing is known of {space.name} on {target};"
                    f" `edgemeter capabilities {target} --space {root(space).name}` measures it"
                )
    return found


def _require_version(space: "Space", version: int) -> None:
    if version != space.version:
        raise click.ClickException(
            f"the server has {space.name} version {version}, here is version {space.version}"
        )


def _save(made: "Subset", output: Path | None) -> None:
    from edgemeter.spaces.subset_files import write_subset

    if output is not None:
        if output.suffix != ".json":
            raise click.UsageError("a space's file is .json")
        try:
            write_subset(made, output)
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
