"""`edgemeter predict --codes`: millions of architectures of one file, predicted into another."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rich_click as click

if TYPE_CHECKING:
    from edgemeter.client import Client

_ROWS_AT_ONCE: Final = 1 << 20


def predict_codes(
    client: "Client",
    space: str,
    target: str,
    source: Path,
    output: Path,
    *,
    level: float,
    project: str | None,
    as_json: bool,
) -> None:
    """Writes (n, 3) float32, latency, low and high, for the codes (n, columns) of uint8 in `source`."""
    import numpy as np

    from edgemeter.cli.output import progress
    from edgemeter.cli.tables import print_document, print_facts
    from edgemeter.cli.text import milliseconds

    codes = _opened(source)
    part_file = output.with_name(output.name + ".part")
    table = _made(part_file, len(codes))
    parts = [codes[at : at + _ROWS_AT_ONCE] for at in range(0, len(codes), _ROWS_AT_ONCE)]
    done = 0
    with progress() as bar:
        bar.total(len(codes))
        for found in client.estimates_in_chunks(space, target, parts, level=level, project=project):
            part = table[done : done + len(found)]
            part[:, 0], part[:, 1], part[:, 2] = found.latency_ms, found.low_ms, found.high_ms
            done += len(found)
            bar.reach(done, f"{done:,} architectures")
    table.flush()
    part_file.replace(output)  # whole, or not there
    latency_ms = table[:, 0]
    facts: dict[str, Any] = {
        "architectures": len(codes),
        "file": str(output),
        "least_ms": float(latency_ms.min()),
        "median_ms": float(np.median(latency_ms)),
        "most_ms": float(latency_ms.max()),
    }
    if as_json:
        print_document("bulk-estimates", facts)
        return
    print_facts(
        (name, milliseconds(value) if name.endswith("_ms") else value) for name, value in facts.items()
    )


def _opened(source: Path) -> Any:
    import numpy as np

    try:
        codes = np.load(source, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"{source}: no array of codes as `numpy.save` writes it: {error}"
        ) from None
    if not isinstance(codes, np.ndarray) or codes.dtype != np.uint8 or codes.ndim != 2 or not len(codes):
        raise click.ClickException(f"{source}: codes are an array (n, columns) of uint8")
    return codes


def _made(output: Path, rows: int) -> Any:
    from numpy.lib.format import open_memmap

    try:
        return open_memmap(output, "w+", "<f4", (rows, 3))
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
