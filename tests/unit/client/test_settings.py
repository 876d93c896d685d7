"""Where a token is sent, and what is no address or token."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from edgemeter.client.settings import ClientSettings, resolve_client
from edgemeter.config import ConfigError, Places


def places(tmp_path: Path, project: str, user: str, environment: dict[str, str]) -> Places:
    (tmp_path / "edgemeter.toml").write_text(project)
    (tmp_path / "config.toml").write_text(user)
    return Places(environment, tmp_path, tmp_path / "config.toml")


def test_the_short_variables_are_read(tmp_path: Path) -> None:
    environment = {"EDGEMETER_URL": "https://lab.example/", "EDGEMETER_TOKEN": "em_x"}
    settings = resolve_client({}, places(tmp_path, "", "", environment)).value
    assert settings.url == "https://lab.example"
    assert settings.token_text() == "em_x"


def test_a_projects_file_does_not_choose_where_the_users_token_goes(tmp_path: Path) -> None:
    project = "[client]\nurl = 'http://elsewhere.example'\n"
    found = places(tmp_path, project, "[client]\ntoken = 'em_x'\n", {})
    with pytest.raises(ConfigError, match="EDGEMETER_URL") as caught:
        resolve_client({}, found)
    assert "em_x" not in str(caught.value)
    assert resolve_client({"url": "http://elsewhere.example"}, found).value.token_text() == "em_x"
    given = places(tmp_path, project, "", {"EDGEMETER_TOKEN": "em_y"})
    assert resolve_client({}, given).value.token_text() == "em_y"


@pytest.mark.parametrize("url", ["lab", "ftp://lab", "http://", "http://user:word@lab", "file:///etc"])
def test_what_is_no_servers_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        ClientSettings(url=url)


def test_a_tokens_file_is_read_without_its_newline(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("em_x\n")
    assert ClientSettings(token_file=tmp_path / "token").token_text() == "em_x"
    assert ClientSettings(token=SecretStr("em_y"), token_file=tmp_path / "token").token_text() == "em_y"


@pytest.mark.parametrize("text", ["", "two words", "two\nlines", "umläut"])
def test_what_is_no_token_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        ClientSettings(token_file=tmp_path / "token").token_text()
    assert not text or text not in str(caught.value)


def test_a_tokens_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        ClientSettings(token_file=tmp_path / "none").token_text()
