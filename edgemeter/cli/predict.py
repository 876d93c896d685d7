"""`edgemeter predict`: how long architectures, operators or files take on targets, unmeasured."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.cli.parameters import FILE, ShapeType
from edgemeter.cli.remote import Connect, connecting, json_option, project_option

if TYPE_CHECKING:
    from edgemeter.client import Client

_NETWORK_FILES = (".onnx", ".tflite")
_LONGEST_WAIT_S = 60  #: the server's own: `edgemeter jobs wait` waits longer


@click.command()
@click.argument("space", metavar="SPACE|FILE|SHA256")
@click.argument("architectures", nargs=-1)
@click.option(
    "--target", "-t", "targets", multiple=True, required=True, help="Words of targets. May be repeated."
)
@click.option("--level", type=click.FloatRange(0.5, 0.99), default=0.9, show_default=True)
@click.option("--parts", is_flag=True, help="Say how much each layer, or each kernel of a file, takes.")
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
    "--operator",
    "operators",
    multiple=True,
    metavar="KEY",
    help="An operator of the space in its context, as `edgemeter space costs` lists them. May be repeated.",
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
    help="Bind a dynamic input of FILE, for example `--shape image=1,3,224,224`. May be repeated. Only here.",
)
@click.option("--here", is_flag=True, help="Ask this machine about FILE, also where a server is named.")
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
    operators: tuple[str, ...],
    codes_file: Path | None,
    output: Path | None,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    here: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Say how long ARCHITECTURES of a SPACE, or the network in an ONNX or TFLite FILE, take.

    An architecture is written as `edgemeter space sample` prints it; the server answers: measured where it
    was measured, else predicted. So it does for a FILE, or the SHA256 of one that was handed in, where a
    server is named (`--url`, EDGEMETER_URL): by the predictor that `edgemeter kernels publish` gave it. Where
    none is, or with `--here`, a FILE is answered by what `edgemeter kernels fit` has saved on this machine,
    and by its rules where the target's engine is not installed.
    """
    asked = [bool(architectures), bool(operators), codes_file is not None]
    is_file = not any(asked) and _is_network(space)
    if is_file and (here or shapes or not (connect.named or _is_sha256(space))):
        from edgemeter.cli.kernels.predicting import predict_file

        predict_file(space, targets, dict(shapes), level, parts=parts, as_json=as_json)
        return
    if (not is_file and sum(asked) != 1) or (codes_file is None) != (output is None):
        raise click.UsageError(
            "name architectures of the space, or --operator, or --codes with --output,"
            " or an .onnx or .tflite file"
        )
    with connect() as client:
        from edgemeter.client.naming import one_target

        if codes_file is not None and output is not None:
            from edgemeter.cli.codes import predict_codes

            target = one_target(list(client.targets()), " ".join(targets))
            predict_codes(
                client, space, target, codes_file, output, level=level, project=project, as_json=as_json
            )
            return
        wanted: dict[str, Any] = {
            "level": level,
            "measured": not predicted,
            "max_interval": max_interval,
            "wait_s": wait_s,
            "project": project,
        }
        found = _found(
            client, space, architectures, operators, targets, wanted, parts=parts, analytic=analytic
        )
    from edgemeter.cli.estimates import print_estimates

    file = Path(space).name if is_file and not _is_sha256(space) else None
    print_estimates(found, file=file, parts=parts, as_json=as_json)


def _found(
    client: "Client",
    space: str,
    architectures: tuple[str, ...],
    operators: tuple[str, ...],
    words: tuple[str, ...],
    wanted: dict[str, Any],
    *,
    parts: bool,
    analytic: bool,
) -> Any:
    """Estimates of whichever kind is asked for; a file is handed in where the server does not have it."""
    from edgemeter.client.naming import named_targets

    if not operators and not architectures:
        network = space if _is_sha256(space) else _existing(space)
        sha256, chosen = client.hand_in(network, words, project=wanted["project"])
        return client.artifact_estimates([sha256], chosen, parts=parts, analytic=analytic, **wanted)
    targets = named_targets(list(client.targets()), words)
    if operators:
        return client.operator_estimates(space, operators, targets, **wanted)
    return client.estimates(space, architectures, targets, parts=parts, analytic=analytic, **wanted)


def _is_network(name: str) -> bool:
    return name.lower().endswith(_NETWORK_FILES) or _is_sha256(name)


def _is_sha256(name: str) -> bool:
    return len(name) == 64 and not set(name) - set("0123456789abcdef")


def _existing(name: str) -> Path:
    file = Path(name)
    if not file.is_file():
        raise click.UsageError(f"there is no file {name}")
    return file
