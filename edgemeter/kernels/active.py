"""The networks of a campaign that a predictor, fitted from what there is, would learn most from."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from edgemeter.graphs.reading import read_graph
from edgemeter.kernels.files import CampaignFile, campaign_files
from edgemeter.kernels.plugins import KernelPredictor
from edgemeter.kernels.wiring import Wiring
from edgemeter.networks.writing import FileFormat
from edgemeter.targets import Precision

#: Networks that it chooses among, for each that is chosen, and within these bounds.
_POOL, _FEWEST_IN_POOL, _MOST_IN_POOL = 4, 200, 800
#: What matters: so many networks like those that a campaign judges by, of numbers that none measures.
_MATTER: Final = 40
_FIRST_THAT_MATTERS: Final = 1_000_000
_ENDLESS: Final = 1_000_000


def chosen_files(
    predictor: KernelPredictor, planned: Sequence[CampaignFile], measured: Mapping[str, int]
) -> list[CampaignFile]:
    """As many as are `planned`, with those that were `measured` and those to judge by; the others chosen.

    Raises EdgeMeterError for a predictor that tells no kernels.
    """
    kept = [file for file in planned if file.judging or measured.get(file.name)]
    elsewhere = measured.keys() - {file.name for file in planned}
    count = max(len(planned) - len(kept) - len(elsewhere), 0)
    if not count:
        return kept
    first = planned[0]
    drawn = campaign_files(first.seed, _ENDLESS, first.format, first.precision)
    others = (file for file in drawn if not file.judging and not measured.get(file.name))
    size = min(max(_POOL * count, _FEWEST_IN_POOL), _MOST_IN_POOL)
    pool = list(islice(others, max(count, size)))
    matter = that_matter(first.seed, first.format, first.precision)
    chosen = predictor.choose(list(wirings(pool)), list(wirings(matter)), count)
    return kept + [pool[number] for number in chosen]


def that_matter(seed: int, file_format: FileFormat, precision: Precision) -> Iterator[CampaignFile]:
    """Whole networks like those that people ask about, which no campaign measures."""
    for number in range(_FIRST_THAT_MATTERS, _FIRST_THAT_MATTERS + _MATTER):
        yield CampaignFile(f"judging_{number}.{file_format}", file_format, precision, seed, number, True)


def wirings(files: Iterable[CampaignFile]) -> Iterator[Wiring]:
    with tempfile.TemporaryDirectory(prefix="edgemeter-") as folder:
        path = Path(folder) / "network"
        for file in files:
            path.write_bytes(file.content())
            yield Wiring.of(read_graph(path))
