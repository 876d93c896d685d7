"""What the measuring commands share: reading the files, telling of progress, measuring, printing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.exits import Exit
from edgemeter.failures import FailureError
from edgemeter.targets import TargetSelector

if TYPE_CHECKING:
    from edgemeter.measurement import MeasurementReport
    from edgemeter.protocols import MeasuringProtocol
    from edgemeter_agents.batches.visiting import Wishes
    from edgemeter_agents.batches.work import Network
    from edgemeter_agents.visits.runner import JobLimits

Shapes = Mapping[str, tuple[int, ...]]


def run_order(
    networks: "Sequence[Network]",
    selectors: Sequence[TargetSelector],
    protocol: "MeasuringProtocol",
    wishes: "Wishes",
) -> "MeasurementReport":
    """Measures with progress on stderr. Raises UsageError for what the user can mend."""
    from edgemeter.cli.output import progress
    from edgemeter_agents.batches.offers import installed_offers
    from edgemeter_agents.batches.report import Order, measure_order
    from edgemeter_agents.conditions.processors import NotEnoughProcessorsError

    order = Order(networks, selectors, protocol, wishes)
    try:
        with progress() as bar:
            return measure_order(order, installed_offers(), bar, bar.note)
    except (LookupError, NotEnoughProcessorsError) as error:
        raise click.UsageError(str(error)) from None


def read_networks(files: Sequence[Path], shapes: Shapes, inputs: Path | None = None) -> "list[Network]":
    """All files as networks. Raises ClickException naming the first that cannot be read."""
    if inputs is not None and len(files) > 1:
        raise click.UsageError("--input belongs to one network; measure one file at a time with it")
    return [_read(str(number), file, shapes, inputs) for number, file in enumerate(files)]


def _read(id_: str, file: Path, shapes: Shapes, inputs: Path | None) -> "Network":
    from edgemeter.cli.text import printable
    from edgemeter_agents.batches.reading import read_network

    try:
        return read_network(id_, file, shapes, inputs)
    except (FailureError, OSError) as error:
        raise click.ClickException(f"{printable(file.name, 80)}: {printable(str(error), 400)}") from None


def job_limits(timeout_s: float, memory_limit_mib: int) -> "JobLimits":
    from edgemeter_agents.visits.runner import JobLimits

    return JobLimits(run_s=timeout_s, memory_bytes=memory_limit_mib << 20)


def print_report(report: "MeasurementReport", *, as_json: bool, layers: bool = False) -> None:
    from edgemeter.cli.output import data_console, print_json
    from edgemeter_agents.commands.render import show_report

    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        show_report(data_console(), report, layers=layers)


def require_single_target(networks: "Sequence[Network]", selector: TargetSelector) -> None:
    """Before any time is spent: raises UsageError unless the words fit one target, the same for all."""
    from edgemeter_agents.batches.offers import choose, installed_offers

    offers = installed_offers()
    try:
        chosen = [choose(network, [selector], offers, "") for network in networks]
    except LookupError as error:
        raise click.UsageError(str(error)) from None
    slugs = sorted({choice.target.slug.lstrip(".") for choices in chosen for choice in choices})
    if len(slugs) > 1:
        raise click.UsageError(
            f"this needs one target, but --target fits {', '.join(slugs)}: name one of them"
        )


def exit_code(report: "MeasurementReport") -> Exit:
    failed = any(measurement.status == "failed" for measurement in report.measurements)
    return Exit.FAILED if failed else Exit.OK
