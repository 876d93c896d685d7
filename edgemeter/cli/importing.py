"""`edgemeter import`: others' measurements of a search space."""

from functools import partial
from importlib.resources import as_file, files
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from edgemeter.cli.parameters import FILE
from edgemeter.cli.remote import json_option, project_option, remote

if TYPE_CHECKING:
    from edgemeter.cli.output import Progress
    from edgemeter.client import Client
    from edgemeter.wire.campaigns import ImportDocument

_PARTS: Final = 20  #: of a file that is sent: steps of its progress
_SAMPLE: Final = "help_nasbench201_sample.csv.gz"
_SAMPLE_SPACE: Final = "nasbench201"
_SAMPLE_LICENSE: Final = "MIT"
_SAMPLE_SOURCE: Final = (
    "HELP (Lee et al., NeurIPS 2021), https://github.com/HayeonLee/HELP at 45f70eb: a sample"
)


@click.command("import")
@click.argument("file", type=FILE, required=False)
@click.option("--space", "-s", metavar="SPACE", help="The space whose architectures the table has.")
@click.option("--license", "license_", metavar="NAME", help="Under which the table may be used, such as MIT.")
@click.option("--source", metavar="TEXT", help="Where it comes from: a paper, an address.")
@click.option(
    "--sample", is_flag=True, help="The shipped table: 7 phones and boards, 4,000 NAS-Bench-201 cells."
)
@project_option
@json_option
@remote
def import_(
    client: "Client",
    file: Path | None,
    space: str | None,
    license_: str | None,
    source: str | None,
    sample: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Hand in others' latencies: FILE is CSV or Parquet with columns arch, device, metric, value and unit.

    All rows are taken or none; an error names the rows that are wrong. What is imported is flagged, and never
    mixed with what was measured here. `edgemeter imports` lists and deletes such tables.
    """
    if sample == (file is not None):
        raise click.UsageError("give a FILE, or --sample for the table that comes with EdgeMeter")
    if sample:
        with as_file(files("edgemeter.data") / _SAMPLE) as shipped:
            done = _hand_in(client, shipped, _SAMPLE_SPACE, _SAMPLE_LICENSE, _SAMPLE_SOURCE, project)
    else:
        if not (file and space and license_ and source):
            raise click.UsageError("--space, --license and --source are needed: they are kept with the table")
        done = _hand_in(client, file, space, license_, source, project)
    _print(done, as_json=as_json)


def _hand_in(
    client: "Client", file: Path, space: str, license_: str, source: str, project: str | None
) -> "ImportDocument":
    from edgemeter.cli.output import note_console, progress
    from edgemeter.spaces.table_files import table_rows
    from edgemeter.spaces.tidy import imported_values

    read = count()
    # The numbers come second: they count what the table has.
    values = (value for value, _ in zip(imported_values(table_rows(file)), read, strict=False))
    with progress() as bar:
        bar.total(_PARTS)
        done = client.create_import(
            space,
            values,
            license=license_,
            source=source,
            project=project,
            progress=partial(_tell, bar),
        )
    if left_out := next(read) - done.rows:
        note_console().print(f"[dim]{left_out:,} rows of single operators were left out.[/]")
    return done


def _tell(bar: "Progress", sent: int, total: int) -> None:
    wait = "; the server checks and stores it" if sent == total else ""
    bar.reach(_PARTS * sent // total, f"{sent / 1e6:.1f} of {total / 1e6:.1f} MB sent{wait}")


def _print(done: "ImportDocument", *, as_json: bool) -> None:
    from edgemeter.cli.tables import print_document, print_facts

    if as_json:
        print_document("import", {"import": done.model_dump(mode="json")})
        return
    print_facts(
        (
            ("import", done.id),
            ("space", f"{done.space}, version {done.version}"),
            ("rows", done.rows),
            ("devices", ", ".join(done.devices)),
            ("licence", done.license),
            ("source", done.source),
        )
    )
