"""What a kernel campaign has measured: a file of JSON lines, one network a line, that grows as it goes.

The first line says of what target. A line that a crash has cut off is left out, and written over on going on.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from edgemeter.failures import EdgeMeterError
from edgemeter.graphs.graph import Graph
from edgemeter.kernels.kernel import KernelGraph
from edgemeter.protocols import SURVEY

if TYPE_CHECKING:
    from pydantic import TypeAdapter

#: `survey`, but on shared hosts: a campaign's rows must agree with one another only, which its anchors see
#: to, and the lower quartile of its samples bears a share of disturbed ones.
CAMPAIGN_PROTOCOL: Final = SURVEY.evolve(contended_share=0.2)
#: The same for networks that a predictor is held against: few, so that each may have more visits.
JUDGING_PROTOCOL: Final = CAMPAIGN_PROTOCOL.evolve(visits=9)
#: And for those of them that every campaign measures.
CAMPAIGN_JUDGING_PROTOCOL: Final = CAMPAIGN_PROTOCOL.evolve(visits=5)
SCHEMA: Final = "edgemeter/kernel-campaign"
_LARGEST_BYTES: Final = 512 << 20


class CampaignError(EdgeMeterError):
    """A file that is no kernel campaign, or is of another target. Says which."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What all rows are of. `engine_version` is the engine's own, in full, `protocol` with its version; that
    of files of before has none.
    """

    target: str
    engine_version: str
    protocol: str
    seed: int
    schema_name: Literal["edgemeter/kernel-campaign"] = SCHEMA
    schema_version: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One network of the campaign. `latency_ms` is None where it could not be measured (`failure` says
    why); it is corrected for drift as every latency is, `raw_ms` is not. `batch` numbers what was measured
    together, and `anchors_ms` (light, heavy) is what the batch's anchors read: how fast the device was.
    `judging`: a predictor must not learn from it, but is judged by it; such a network has a row for each time
    that it was measured, the others have one. `source` is the graph of the file,
    from which rules are learnt that tell the kernels of others; files are drawn anew by later versions.
    """

    network: str
    batch: int
    latency_ms: float | None
    raw_ms: float | None
    valid: bool
    reasons: tuple[str, ...]
    graph: KernelGraph | None
    anchors_ms: tuple[float, float] | None = None
    failure: str | None = None
    judging: bool = False
    source: Graph | None = None

    @property
    def usable(self) -> bool:
        return self.latency_ms is not None and self.graph is not None and self.graph.profiled


@dataclass(frozen=True, slots=True)
class Campaign:
    heading: Heading
    rows: tuple[Row, ...]

    @property
    def readings(self) -> Counter[str]:
        """How often each network was measured, well or badly, by its name."""
        return Counter(row.network for row in self.rows)

    @property
    def sha256(self) -> str:
        """Of what was measured: the same measurements have the same name."""
        rows = [(row.network, row.batch, row.latency_ms, row.raw_ms, row.anchors_ms) for row in self.rows]
        times = [[kernel.time_us for kernel in row.graph.kernels] for row in self.rows if row.graph]
        return hashlib.sha256(_line([asdict(self.heading), rows, times]).encode()).hexdigest()

    @property
    def batches(self) -> int:
        return 1 + max((row.batch for row in self.rows), default=-1)


def read_campaign(path: Path) -> Campaign:
    """Raises CampaignError, FileNotFoundError."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise CampaignError(f"{path.name} is larger than any campaign")
    first, *lines = _whole_lines(path)[1] or [""]
    try:
        heading = _adapters()[0].validate_json(first)
        rows = tuple(_adapters()[1].validate_json(line) for line in lines)
    except ValueError as error:
        raise CampaignError(f"{path.name} is no kernel campaign: {str(error).splitlines()[0]}") from None
    return Campaign(heading, rows)


def start_campaign(path: Path, heading: Heading) -> Campaign:
    """A new file, or what an earlier run has left of the same campaign. Raises CampaignError for another."""
    if path.exists() and path.stat().st_size:
        found = read_campaign(path)
        if found.heading != heading:
            raise CampaignError(
                f"{path} cannot be gone on with: {_differences(found.heading, heading)}. Choose another"
                " --output, or delete it to begin anew; `edgemeter kernels fit` takes it as it is"
            )
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_line(asdict(heading)))
    return Campaign(heading, ())


def append_rows(path: Path, rows: Iterable[Row]) -> None:
    """After the last whole line."""
    length, _ = _whole_lines(path)
    with path.open("r+b") as file:
        file.truncate(length)
        file.seek(length)
        file.write("".join(_line(asdict(row)) for row in rows).encode())


def _differences(found: Heading, asked: Heading) -> str:
    there, here = asdict(found), asdict(asked)
    return ", ".join(
        f"its {name.replace('_', ' ')} is {there[name]}, not {here[name]}"
        for name in there
        if there[name] != here[name]
    )


def _whole_lines(path: Path) -> tuple[int, list[str]]:
    data = path.read_bytes()
    length = data.rfind(b"\n") + 1
    return length, data[:length].decode("utf-8", "replace").splitlines()


def _line(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"


@cache
def _adapters() -> "Sequence[TypeAdapter[Any]]":
    from pydantic import TypeAdapter

    return TypeAdapter(Heading), TypeAdapter(Row)
