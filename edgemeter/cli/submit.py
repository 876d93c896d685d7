"""`edgemeter submit`: networks to a server, which has them measured."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.parameters import NetworkType, ShapeType
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.command()
@click.argument("networks", type=NetworkType(), nargs=-1, required=True, metavar="FILE|ARCH...")
@click.option(
    "--target",
    "-t",
    "targets",
    multiple=True,
    required=True,
    help="Where: words of targets such as `openvino` or `litert.int8.t2`. May be repeated. "
    "`edgemeter devices targets` lists those of the server.",
)
@click.option("--wait", is_flag=True, help="Wait until all have ended, and print the answers.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Wait no longer than this.",
)
@click.option(
    "--protocol",
    type=click.Choice(["precise", "survey"]),
    default="precise",
    show_default=True,
    help="How thoroughly: `precise` for single networks, `survey` for many.",
)
@click.option(
    "--shape",
    "shapes",
    type=ShapeType(),
    multiple=True,
    help="Bind a dynamic input, for example `--shape image=1,3,224,224`. May be repeated.",
)
@click.option("--layers", is_flag=True, help="Profile each executed kernel too.")
@click.option("--memory", is_flag=True, help="Measure peak memory too.")
@click.option("--fresh", is_flag=True, help="Measure again, even where a valid measurement is stored.")
@click.option(
    "--priority",
    type=click.IntRange(-100, 100),
    default=0,
    show_default=True,
    help="Higher ones are measured first.",
)
@click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Give up what has not begun by then.",
)
@project_option
@json_option
@remote
def submit(
    client: "Client",
    networks: tuple[Path | str, ...],
    targets: tuple[str, ...],
    wait: bool,
    timeout_s: float | None,
    protocol: str,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    layers: bool,
    memory: bool,
    fresh: bool,
    priority: int,
    deadline_s: float | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Have networks measured by a server: ONNX or TFLite files, or architectures of a space.

    An architecture is written as `edgemeter space sample` prints it, such as `references@1:mobilenet_v1,1.0`.
    What has been measured before is answered at once. Without `--wait` the requests are printed; they go on,
    also when this machine is switched off. Exit code 4: something could not be measured. 6: `--timeout` has
    passed.
    """
    from edgemeter.cli.answers import exit_code, note_waiting, print_answers, wait_for
    from edgemeter.cli.output import note_console
    from edgemeter.cli.text import plain
    from edgemeter.client.planning import Wishes
    from edgemeter.wire.specs import JobSpec

    notes = note_console()
    spec = JobSpec(protocol=protocol, shapes=dict(shapes), layers=layers, memory=memory)
    wishes = Wishes(spec=spec, fresh=fresh, priority=priority, deadline_s=deadline_s)
    asked = client.submit(
        networks, targets, wishes=wishes, project=project, note=lambda text: notes.print(plain(text, 200))
    )
    answers = wait_for(client, asked, timeout_s) if wait else list(asked)
    print_answers(answers, as_json=as_json)
    if not wait:
        note_waiting(answers)
    sys.exit(exit_code(answers))
