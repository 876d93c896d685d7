import json
from pathlib import Path
from typing import Any, Final

import pytest

from edgemeter.spaces.fact_files import FactFileError, read_facts
from edgemeter.spaces.hurricane import Hurricane

SPACE: Final = Hurricane()
KEY: Final = "Choice_3|56x56x64->64|s1"
GOOD: Final = {
    "target": "dsp",
    "space": "hurricane",
    "version": 1,
    "contexts": [{"key": KEY, "support": "partial", "evidence": "3 of 9 operators on cpu"}],
}


def written(folder: Path, document: Any) -> list[Path]:
    path = folder / "facts.json"
    path.write_text(json.dumps(document))
    return [path]


def test_one_document_or_a_list(tmp_path: Path) -> None:
    assert read_facts(written(tmp_path, GOOD), SPACE) == {"dsp": {KEY: "partial"}}
    both = [GOOD, GOOD | {"target": "cpu", "contexts": []}]
    assert read_facts(written(tmp_path, both), SPACE) == {"dsp": {KEY: "partial"}, "cpu": {}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([GOOD, GOOD], "the target dsp was there before"),
        (GOOD | {"space": "spos"}, "facts of spos version 1, not of hurricane"),
        (GOOD | {"version": 2}, "facts of hurricane version 2"),
        (GOOD | {"target": None}, "names its `target`"),
        (GOOD | {"contexts": {}}, "list of `contexts`"),
        (GOOD | {"contexts": [{"key": KEY, "support": "yes"}]}, "a `support` of full"),
        (GOOD | {"contexts": [{"key": "Choice_9", "support": "full"}]}, "no operator 'Choice_9'"),
        (3, "names its `target`"),
    ],
)
def test_documents_of_another_form_are_refused(tmp_path: Path, document: Any, said: str) -> None:
    with pytest.raises(FactFileError, match=rf"facts\.json: .*{said}"):
        read_facts(written(tmp_path, document), SPACE)


def test_files_that_are_no_json_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(b"{")
    with pytest.raises(FactFileError, match=r"facts\.json"):
        read_facts([path], SPACE)
    with pytest.raises(FactFileError, match="No such file"):
        read_facts([tmp_path / "none.json"], SPACE)
