"""Spaces that were made, as people and programs read them."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict

from edgemeter.cli.output import note_console
from edgemeter.cli.tables import print_document, print_facts, print_table
from edgemeter.spaces.intersection import Intersection
from edgemeter.spaces.scores import Ranking
from edgemeter.spaces.size import size
from edgemeter.spaces.space import Space
from edgemeter.spaces.subset import Subset
from edgemeter.spaces.subset_files import document_of


def print_ranked(made: Subset, rankings: Sequence[Ranking], explore: Collection[int]) -> None:
    """As HURRICANE's table 1: the layers, the shape that goes out, and the operators in their order."""
    print_table(
        ("Output", "Layers", "Operators"),
        (
            (ranking.stage, _numbers(part), _operators(ranking, set(made_choices(made, part[0]))))
            for ranking in rankings
            for part in _alike(made, ranking.layers)
        ),
    )
    print_facts((("architectures", f"{size(made):,}"), ("exploring layers", _numbers(tuple(explore)))))
    for note in _notes(made, rankings):
        note_console().print(note, markup=False, highlight=False, soft_wrap=True)


def print_ranked_document(made: Subset, rankings: Sequence[Ranking], _explore: Collection[int]) -> None:
    print_document(
        "generated-space",
        {"size": size(made), "space": document_of(made), "rankings": [asdict(each) for each in rankings]},
    )


def print_common(base: Space, found: Intersection) -> None:
    rows = [
        (column.name, " ".join(column.choices), _gone(column.choices, before.choices))
        for column, before in zip(found.space.columns, base.columns, strict=True)
        if column.choices != before.choices
    ]
    if rows:
        print_table(("Decision", "Left", "Gone"), rows)
    by_target = Counter((each.target, each.support) for each in found.refused)
    print_facts(
        (
            ("architectures", f"{size(found.space):,} of {size(base):,}"),
            *(
                (f"on {target}", f"{count} operators: {support}")
                for (target, support), count in by_target.items()
            ),
            ("taken as their other contexts", found.inferred or None),
        )
    )


def print_common_document(base: Space, found: Intersection) -> None:
    refused = [asdict(each) for each in found.refused]
    body = {"size": size(found.space), "of": size(base), "space": document_of(found.space)}
    print_document("common-space", body | {"refused": refused, "inferred": found.inferred})


def made_choices(made: Subset, layer: int) -> tuple[str, ...]:
    """The choices of a layer, by its number among those that have one."""
    columns = [layer_.columns[0] for layer_ in made.layers if layer_.columns]
    return made.columns[columns[layer - 1]].choices


def _alike(made: Subset, layers: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Neighbours that were ranked together and have the same choices: exploring layers have one more."""
    part: list[int] = []
    for layer in layers:
        if part and made_choices(made, layer) != made_choices(made, part[-1]):
            yield tuple(part)
            part = []
        part.append(layer)
    yield tuple(part)


def _operators(ranking: Ranking, chosen: set[str]) -> str:
    """In their order: "=" before one whose order to the one before is open, "," elsewhere."""
    text, skipped = "", False
    for score in ranking.scores:
        if score.operator in chosen:
            sign = " = " if score.tied and not skipped else ", "
            text += (sign if text else "") + score.operator
        skipped = score.operator not in chosen
    return text


def _notes(made: Subset, rankings: Sequence[Ranking]) -> Iterator[str]:
    for ranking in rankings:
        layers, chosen = _numbers(ranking.layers), set(made_choices(made, ranking.layers[0]))
        for before, score in zip(ranking.scores, ranking.scores[1:], strict=False):
            if score.tied and before.operator in chosen and score.operator not in chosen:
                yield (
                    f"layers {layers}: {score.operator} is left out, but the latencies do not tell it from"
                    f" {before.operator}"
                )
        if ranking.unmeasured:
            yield f"layers {layers}: no latency of {', '.join(ranking.unmeasured)}"
    if all(score.low == score.high for ranking in rankings for score in ranking.scores):
        yield "the latencies have no intervals: ties cannot be seen"


def _numbers(layers: Sequence[int]) -> str:
    if not layers:
        return ""
    if len(layers) > 1 and list(layers) == list(range(layers[0], layers[-1] + 1)):
        return f"{layers[0]}-{layers[-1]}"
    return ",".join(map(str, layers))


def _gone(left: tuple[str, ...], before: tuple[str, ...]) -> str:
    return " ".join(word for word in before if word not in left)
