"""`edgemeter export`: what a campaign measured, as a tidy table with a page that describes it."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from edgemeter.cli.remote import json_option, remote

if TYPE_CHECKING:
    from edgemeter.client import Client


@click.command()
@click.argument("campaign_id", type=click.IntRange(min=1), metavar="NUMBER")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@remote
def export(client: "Client", campaign_id: int, file: Path, as_json: bool) -> None:
    """Write what campaign NUMBER measured to FILE (.csv or .parquet), and a data card beside it (.md).

    Columns are arch_id, arch, device, metric, value and unit, then where each value comes from.
    """
    from edgemeter.cli.output import note_console
    from edgemeter.cli.tables import print_document
    from edgemeter.spaces.data_card import data_card
    from edgemeter.spaces.tidy import tidy_rows, write_table

    campaign = client.campaign(campaign_id)
    rows = list(tidy_rows(client.campaign_results(campaign_id)))
    card = file.with_suffix(".md")
    try:
        write_table(file, rows)
        card.write_text(data_card(campaign, rows, file.name), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file.name} cannot be written: {error.strerror}") from None
    if as_json:
        print_document(
            "export", {"campaign": campaign_id, "file": str(file), "card": str(card), "rows": len(rows)}
        )
    else:
        note_console().print(f"{len(rows)} rows in {file.name}, described in {card.name}", markup=False)
