"""Options that several measuring commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

from edgemeter.cli.parameters import FILE, ShapeType
from edgemeter.targets import TargetSelector
from edgemeter_agents.batches.priority_wish import PriorityWish

Command = TypeVar("Command", bound=Callable[..., Any])


class TargetType(click.ParamType[TargetSelector]):
    name = "TARGET"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> TargetSelector:
        if isinstance(value, TargetSelector):
            return value
        try:
            return TargetSelector.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _apply(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def measuring_options(command: Command) -> Command:
    """How to measure: protocol, shapes, inputs, priority, limits, seed."""
    return _apply(
        command,
        click.option(
            "--protocol",
            "protocol_name",
            type=click.Choice(["precise", "survey"]),
            default="precise",
            show_default=True,
            help="How thoroughly: `precise` for single networks, `survey` for many.",
        ),
        click.option(
            "--shape",
            "shapes",
            type=ShapeType(),
            multiple=True,
            help="Bind a dynamic input, for example `--shape image=1,3,224,224`. May be repeated.",
        ),
        click.option(
            "--input",
            "inputs_file",
            type=FILE,
            help="Input tensors to run with: an .npz with one array per input. Default: seeded random ones.",
        ),
        click.option(
            "--priority",
            type=click.Choice(PriorityWish, case_sensitive=False),
            default=PriorityWish.AUTO,
            show_default=True,
            help="Scheduling of the measuring process; `auto` takes the best that is permitted.",
        ),
        click.option(
            "--timeout",
            "timeout_s",
            type=click.FloatRange(min=1),
            default=300.0,
            show_default=True,
            metavar="SECONDS",
            help="How long one visit of a network may run; preparing it has a minute of its own.",
        ),
        click.option(
            "--memory-limit",
            "memory_limit_mib",
            type=click.IntRange(min=64),
            default=4096,
            show_default=True,
            metavar="MIB",
            help="How much memory a network's process may take.",
        ),
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Seeds inputs and the order of jobs."
        ),
    )


def targets_option(command: Command) -> Command:
    return _apply(
        command,
        click.option(
            "--target",
            "-t",
            "targets",
            type=TargetType(),
            multiple=True,
            help="Where to measure: words of a target such as `openvino` or `litert.int8.t2`. "
            "May be repeated. Default: every installed runtime that reads the file.",
        ),
    )


def target_option(command: Command) -> Command:
    return _apply(
        command,
        click.option(
            "--target",
            "-t",
            "target",
            type=TargetType(),
            required=True,
            help="Where to measure: words of one target such as `openvino` or `litert.int8.t2`.",
        ),
    )


def json_option(command: Command) -> Command:
    return _apply(
        command, click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    )
