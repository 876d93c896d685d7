"""What `edgemeter config show` says."""

import json
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from edgemeter.config import Places, Variable
from edgemeter.config.sections import installed_sections
from edgemeter.config.showing import SECRET, document, shown


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str | None = None
    token: Annotated[SecretStr | None, Variable("SHORT_TOKEN")] = None
    folder: Path = Path("data")


def test_secrets_are_told_only_as_set(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[web]\ntoken = 'hunter2'\ndatabase_url = 'postgresql://user:hunter2@db:5432/x'\n")
    found = document({"web": Settings}, Places({}, tmp_path, file))
    assert "hunter2" not in json.dumps(found)
    rows = found["sections"]["web"]
    assert rows["token"] == {"value": SECRET, "from": "user file", "where": str(file)}
    assert rows["database_url"]["value"] == "postgresql://user:***@db:5432/x"
    assert rows["folder"] == {"value": "data", "from": "default", "where": ""}


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("postgresql://u:p@ss@db/x", "postgresql://u:***@db/x"),
        ("postgresql://db/x?password=p&user=u", "postgresql://db/x?password=***&user=u"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_passwords_in_urls_are_left_out(url: str, without: str) -> None:
    assert shown(url) == without


def test_what_sets_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "edgemeter.toml").write_text("[wbe]\nport = 1\n")
    environment = {"EDGEMETER_WEB_TOKNE": "x", "EDGEMETER_LOCK": "of no section"}
    found = document({"web": Settings}, Places(environment, tmp_path, tmp_path / "none.toml"))
    assert found["ignored"] == [
        "environment EDGEMETER_WEB_TOKNE",
        f"project file {tmp_path / 'edgemeter.toml'}: [wbe]",
    ]


def test_the_installed_parts_bring_their_sections() -> None:
    assert {"client", "server"} <= set(installed_sections())
