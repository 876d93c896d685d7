"""Measurements as tables for people. Every name from a file is made harmless first."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from edgemeter.cli.text import milliseconds, plain, quantity
from edgemeter.measurement import Layer, Measurement, MeasurementReport
from edgemeter.protocols import versioned

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

TOP_LAYERS = 2
NAME_LIMIT = 48
LAYER_LIMIT = 20
TEXT_LIMIT = 400
_MOST_PLACES = 4  #: at which a doubt is told; `--json` has all


def show_report(console: "Console", report: MeasurementReport, layers: bool = False) -> None:
    console.print(_table(report.measurements))
    for measurement in report.measurements:
        if layers and measurement.layers:
            console.print(_layer_table(measurement))
    _show_metrics(console, report.measurements)
    _show_remarks(console, report.measurements)
    _show_legend(console, report.measurements)


def _table(measurements: Sequence[Measurement]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("network")
    table.add_column("target")
    for title in ("latency ms", "90 % interval", "MACs", "MACs/s"):
        table.add_column(title, justify="right")
    layers = any(measurement.layers for measurement in measurements)
    if layers:
        table.add_column("largest layers")
    for measurement in measurements:
        told = [_top_layers(measurement.layers or ())] if layers else []
        table.add_row(*_row(measurement), *told)
    return table


def _row(measurement: Measurement) -> tuple[str, ...]:
    network, target = measurement.network, measurement.target
    name = plain(network.name, NAME_LIMIT)
    latency = measurement.latency
    if latency is None:
        kind = measurement.failure.kind if measurement.failure else "failed"
        return name, _short(target.slug), f"[red]{kind}[/]", "", quantity(network.macs), ""
    value = milliseconds(latency.value_ms)
    rate = None if network.macs is None else network.macs / (latency.value_ms / 1e3)
    return (
        name,
        _short(target.slug),
        value if measurement.validity.valid else f"[yellow]{value} ![/]",
        f"{milliseconds(latency.interval.low_ms)} .. {milliseconds(latency.interval.high_ms)}",
        quantity(network.macs),
        quantity(rate),
    )


def _short(slug: str) -> str:
    """Without the device: every row of one machine's table has the same."""
    return slug.partition(".")[2]


def _top_layers(layers: Iterable[Layer]) -> str:
    largest = sorted(layers, key=lambda layer: -layer.share)[:TOP_LAYERS]
    return ", ".join(f"{_layer_name(layer)} {layer.share:.0%}" for layer in largest)


def _layer_name(layer: Layer) -> str:
    """The operator of the file where the runtime tells it, else the runtime's own name."""
    return plain(layer.operators[0] if layer.operators else layer.name, LAYER_LIMIT)


def _show_metrics(console: "Console", measurements: Iterable[Measurement]) -> None:
    for measurement in measurements:
        metrics = measurement.metrics
        found = [
            f"{metrics.peak_memory_bytes / 2**20:.1f} MiB peak" if metrics.peak_memory_bytes else "",
            f"{milliseconds(metrics.sustained_latency_ms)} ms sustained"
            if metrics.sustained_latency_ms
            else "",
            f"{metrics.throughput_per_s:.4g}/s at {metrics.throughput_streams} streams"
            if metrics.throughput_per_s
            else "",
        ]
        if any(found):
            console.print(f"{_title(measurement)}: {', '.join(filter(None, found))}")


def _show_remarks(console: "Console", measurements: Iterable[Measurement]) -> None:
    """Each doubt once, with where it was found: a survey of many networks repeats them."""
    invalid: dict[str, list[str]] = {}
    doubtful: dict[str, list[str]] = {}
    for measurement in measurements:
        title = _title(measurement)
        if measurement.failure is not None:
            console.print(f"[red]{title}: {plain(measurement.failure.message, TEXT_LIMIT)}[/]")
        for note in measurement.notes:
            console.print(f"[dim]{title}: {plain(note, TEXT_LIMIT)}[/]")
        for remarks, where in (
            (measurement.validity.reasons, invalid),
            (measurement.validity.flags, doubtful),
        ):
            for remark in remarks:
                detail = f" ({remark.detail})" if remark.detail else ""
                where.setdefault(remark.text, []).append(f"{title}{detail}")
    for text, places in invalid.items():
        console.print(f"[yellow]Not valid: {text}[/]\n    {_listed(places)}")
    for text, places in doubtful.items():
        console.print(f"[dim]{text}\n    {_listed(places)}[/]")


def _listed(places: Sequence[str]) -> str:
    """On a restless host every network has the same doubts."""
    more = f"; and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return "; ".join(places[:_MOST_PLACES]) + more


def _title(measurement: Measurement) -> str:
    return f"{plain(measurement.network.name, NAME_LIMIT)} on {_short(measurement.target.slug)}"


def _layer_table(measurement: Measurement) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"Layers of {_title(measurement)}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for column in ("layer", "kernel", "precision", "share", "ms"):
        table.add_column(column, justify="right" if column in {"share", "ms"} else "left")
    for layer in measurement.layers or ():
        table.add_row(
            plain(layer.name, 60),
            plain(layer.kind, 40),
            layer.precision or "",
            f"{layer.share:.1%}",
            milliseconds(layer.latency_ms),
        )
    return table


def _show_legend(console: "Console", measurements: Iterable[Measurement]) -> None:
    protocols = sorted({versioned(m.protocol.name, m.protocol.version) for m in measurements})
    console.print(
        f"[dim]Protocol {', '.join(protocols)}. The interval is where another session's value is expected, "
        "with 90 % probability. ! marks values that are not valid, with the reason above.[/]"
    )
