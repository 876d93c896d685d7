"""The `--target` of commands about kernels: words of one target of this machine."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from edgemeter.targets import TargetSelector

if TYPE_CHECKING:
    from edgemeter.kernels.plugins import Bench
    from edgemeter.targets import Target


def _parsed(_: click.Context, __: click.Parameter, value: Any) -> TargetSelector:
    try:
        return TargetSelector.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


target_option = click.option(
    "--target",
    "-t",
    "selector",
    required=True,
    callback=_parsed,
    help="Words of one target of this machine, such as `onnxruntime.fp32`.",
)


def found_target(bench: "Bench", selector: TargetSelector) -> "Target":
    """Raises UsageError, with those there are, for words that fit none or several."""
    try:
        return bench.target(selector)
    except LookupError as error:
        raise click.UsageError(str(error)) from None
