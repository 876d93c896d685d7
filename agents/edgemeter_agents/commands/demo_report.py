"""The demo's networks over HTTP: asked for, waited for, and put into the report that `measure` prints."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from edgemeter import __version__
from edgemeter.cli.output import Progress
from edgemeter.cli.text import milliseconds
from edgemeter.client import Client
from edgemeter.client.planning import Wishes
from edgemeter.measurement import MeasurementReport
from edgemeter.wire.measurements import MeasurementRecord
from edgemeter.wire.requests import RequestDocument
from edgemeter.wire.specs import JobSpec

_TARGETS = "cpu"  #: a word of every target of this machine


def measure_over_http(client: Client, files: Sequence[Path], seed: int, bar: Progress) -> MeasurementReport:
    """Measurements come in the order of the files, and for each in that of its targets."""
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    wishes = Wishes(spec=JobSpec(protocol="survey", layers=True, seed=seed))
    asked = client.submit(files, _TARGETS, wishes=wishes, note=bar.note)
    bar.total(len(asked))
    ended = {}
    for document in client.wait(document.id for document in asked):
        bar.step(_line(document))
        ended[document.id] = document
    in_order = sorted(
        asked, key=lambda document: ([file.name for file in files].index(document.name), document.target)
    )
    records = [_record(client, ended[document.id]) for document in in_order]
    return MeasurementReport(
        edgemeter_version=__version__,
        started_at=started_at,
        seed=seed,
        provenance=records[0].provenance,
        measurements=tuple(record.measurement for record in records),
    )


def _record(client: Client, document: RequestDocument) -> MeasurementRecord:
    """Also of a job that failed: the newest try is kept, and says why."""
    if document.estimate is not None:
        return client.measurement(document.estimate.measurement_id)
    tried = client.measurements(artifact=document.artifact, target=document.target)
    return client.measurement(next(tried).id)


def _line(document: RequestDocument) -> str:
    estimate = document.estimate
    answer = document.state if estimate is None else f"{milliseconds(estimate.latency_ms)} ms"
    return f"{document.name} on {document.target.partition('.')[2]}: {answer}"
