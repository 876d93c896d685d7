"""`edgemeter predict`: how long architectures or a file take on targets, without measuring them."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.parameters import FILE, ShapeType
from edgemeter.cli.remote import Connect, connecting, json_option, project_option

if TYPE_CHECKING:
    from edgemeter.wire.estimates import ArchitectureEstimate

_NETWORK_FILES = (".onnx", ".tflite")
_LONGEST_WAIT_S = 60  #: the server's own: `edgemeter jobs wait` waits longer


@click.command()
@click.argument("space", metavar="SPACE|FILE")
@click.argument("architectures", nargs=-1)
@click.option(
    "--target", "-t", "targets", multiple=True, required=True, help="Words of targets. May be repeated."
)
@click.option("--level", type=click.FloatRange(0.5, 0.99), default=0.9, show_default=True)
@click.option("--parts", is_flag=True, help="Say how much each layer takes.")
@click.option("--predicted", is_flag=True, help="Predict also what is measured.")
@click.option(
    "--analytic",
    is_flag=True,
    help="Without a predictor, estimate roughly: by multiply-adds, parameters and what is measured.",
)
@click.option(
    "--max-interval",
    type=click.FloatRange(min=0, max=10, min_open=True),
    help="Measure what is predicted with a wider interval than this share of it, 0.2 for example.",
)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, _LONGEST_WAIT_S),
    default=0.0,
    metavar="SECONDS",
    help="With --max-interval, wait up to so long for what is measured.",
)
@click.option(
    "--codes",
    "codes_file",
    type=FILE,
    help="Predict the codes in FILE (.npy: n x columns of uint8) instead of ARCHITECTURES, any number.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --codes: where latency, low and high go (.npy: n x 3 of float32).",
)
@click.option(
    "--shape",
    "shapes",
    type=ShapeType(),
    multiple=True,
    help="Bind a dynamic input of FILE, for example `--shape image=1,3,224,224`. May be repeated.",
)
@project_option
@json_option
@connecting
def predict(
    connect: Connect,
    space: str,
    architectures: tuple[str, ...],
    targets: tuple[str, ...],
    level: float,
    parts: bool,
    predicted: bool,
    analytic: bool,
    max_interval: float | None,
    wait_s: float,
    codes_file: Path | None,
    output: Path | None,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    project: str | None,
    as_json: bool,
) -> None:
    """Say how long ARCHITECTURES of a SPACE, or the network in an ONNX or TFLite FILE, take.

    An architecture is written as `edgemeter space sample` prints it; the server answers: measured where it
    was measured, else predicted. A FILE is answered here, by the kernel predictor that `edgemeter kernels`
    makes for a target of this machine; it is run once, to see its kernels. Where a target's engine is not
    installed, the rules of its predictor tell them.
    """
    if not architectures and space.lower().endswith(_NETWORK_FILES):
        from edgemeter.cli.kernels.predicting import predict_file

        predict_file(space, targets, dict(shapes), level, parts=parts, as_json=as_json)
        return
    if (codes_file is None) == (not architectures) or (codes_file is None) != (output is None):
        raise click.UsageError(
            "name architectures of the space, or --codes with --output, or an .onnx or .tflite file"
        )
    with connect() as client:
        from edgemeter.client.naming import named_targets, one_target

        if codes_file is not None and output is not None:
            from edgemeter.cli.codes import predict_codes

            target = one_target(list(client.targets()), " ".join(targets))
            predict_codes(
                client, space, target, codes_file, output, level=level, project=project, as_json=as_json
            )
            return
        found = client.estimates(
            space,
            architectures,
            named_targets(list(client.targets()), targets),
            level=level,
            parts=parts,
            measured=not predicted,
            analytic=analytic,
            max_interval=max_interval,
            wait_s=wait_s,
            project=project,
        )
    _print(found, parts=parts, as_json=as_json)


def _print(found: "tuple[ArchitectureEstimate, ...]", *, parts: bool, as_json: bool) -> None:
    from edgemeter.cli.bases import print_bases
    from edgemeter.cli.tables import dumped, print_document, print_table

    if as_json:
        print_document("estimates", {"estimates": dumped(found)})
        return
    print_table(("architecture", "target", "latency#", "interval", "source", "request#"), map(_row, found))
    print_bases(found)
    for each in found if parts else ():
        _print_parts(each)


def _row(each: "ArchitectureEstimate") -> tuple[object, ...]:
    from edgemeter.cli.text import milliseconds

    interval = f"{milliseconds(each.interval.low_ms)} to {milliseconds(each.interval.high_ms)}"
    return (
        each.architecture,
        each.target,
        milliseconds(each.latency_ms),
        interval,
        each.source,
        each.request_id,
    )


def _print_parts(each: "ArchitectureEstimate") -> None:
    from edgemeter.cli.tables import print_table
    from edgemeter.cli.text import milliseconds

    if each.parts is None:
        return
    rows = [(part.layer, milliseconds(part.latency_ms)) for part in each.parts]
    print_table((each.architecture, "latency#"), [*rows, ("the rest", milliseconds(each.rest_ms or 0.0))])
