"""Precedence, origins and errors of settings."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, SecretStr

from edgemeter.config import ConfigError, Places, Rank, Variable, resolve
from edgemeter.config.origins import Given, Origin
from edgemeter.config.resolving import merge


class Numbers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    one: int = 1
    two: int = 2
    three: int = 3


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int = 80
    loud: bool = False
    folder: Path = Path("data")
    words: tuple[str, ...] = ()
    limits: dict[str, int] | None = None
    token: Annotated[SecretStr | None, Variable("SHORT_TOKEN")] = None


def places(
    tmp_path: Path, project: str = "", user: str = "", environment: Mapping[str, str] | None = None
) -> Places:
    folder = tmp_path / "project" / "below"
    folder.mkdir(parents=True)
    if project:
        (tmp_path / "project" / "edgemeter.toml").write_text(project)
    user_file = tmp_path / "config.toml"
    if user:
        user_file.write_text(user)
    return Places(environment or {}, folder, user_file)


RANKS = tuple(rank for rank in Rank if rank is not Rank.DEFAULT)
LAYERS = st.lists(
    st.dictionaries(st.sampled_from(sorted(Numbers.model_fields)), st.integers()),
    min_size=len(RANKS),
    max_size=len(RANKS),
)


@given(LAYERS)
def test_the_strongest_place_that_has_a_field_gives_it(values: list[dict[str, int]]) -> None:
    layers = [
        {name: Given(number, Origin(rank)) for name, number in layer.items()}
        for rank, layer in zip(RANKS, values, strict=True)
    ]
    resolved = merge(Numbers, "numbers", layers)
    for name, info in Numbers.model_fields.items():
        holders = [(rank, layer[name]) for rank, layer in zip(RANKS, values, strict=True) if name in layer]
        rank, number = holders[0] if holders else (Rank.DEFAULT, info.default)
        assert (resolved.origins[name].rank, getattr(resolved.value, name)) == (rank, number)


def test_all_places_together(tmp_path: Path) -> None:
    found = places(
        tmp_path,
        project="[web]\nport = 3\nloud = true\n",
        user="[web]\nport = 4\nloud = false\nwords = ['u']\n",
        environment={"EDGEMETER_WEB_PORT": "2"},
    )
    resolved = resolve(Settings, "web", {"port": 1, "loud": None}, found)
    assert resolved.value == Settings(port=1, loud=True, words=("u",))
    assert str(resolved.origins["port"]) == "flag --port"
    assert resolved.origins["loud"].where.endswith("project/edgemeter.toml")
    assert resolved.origins["words"].rank is Rank.USER_FILE
    assert resolved.origins["folder"].rank is Rank.DEFAULT
    assert resolve(Settings, "web", {}, found).origins["port"].where == "EDGEMETER_WEB_PORT"


def test_variables_are_read_as_their_fields_need(tmp_path: Path) -> None:
    environment = {
        "EDGEMETER_WEB_LOUD": "true",
        "EDGEMETER_WEB_WORDS": "a, b",
        "EDGEMETER_WEB_LIMITS": '{"a": 1}',
        "EDGEMETER_WEB_PORT": "",  # as good as not set
        "SHORT_TOKEN": "s3cret",
    }
    value = resolve(Settings, "web", {}, places(tmp_path, environment=environment)).value
    assert (value.loud, value.words, value.limits, value.port) == (True, ("a", "b"), {"a": 1}, 80)
    assert value.token is not None
    assert value.token.get_secret_value() == "s3cret"


def test_the_long_name_of_a_variable_counts_more(tmp_path: Path) -> None:
    environment = {"SHORT_TOKEN": "short", "EDGEMETER_WEB_TOKEN": "long"}
    token = resolve(Settings, "web", {}, places(tmp_path, environment=environment)).value.token
    assert token is not None
    assert token.get_secret_value() == "long"


def test_paths_in_a_file_start_at_the_file(tmp_path: Path) -> None:
    found = places(tmp_path, project="[web]\nfolder = 'here'\n")
    assert resolve(Settings, "web", {}, found).value.folder == tmp_path / "project" / "here"
    assert resolve(Settings, "web", {"folder": Path("here")}, found).value.folder == Path("here")


@pytest.mark.parametrize(
    ("project", "environment", "told"),
    [
        ("[web]\nprot = 1\n", {}, ("edgemeter.toml", "`prot`", "did you mean `port`?")),
        ("[web]\nxyzzy = 1\n", {}, ("edgemeter.toml", "`xyzzy`", "folder, limits, loud")),
        ("[web]\nport = 'x'\n", {}, ("edgemeter.toml", "`web.port`", "integer")),
        ("web = 1\n", {}, ("edgemeter.toml", "[web]")),
        ("[web\n", {}, ("edgemeter.toml", "is not TOML")),
        ("", {"EDGEMETER_WEB_PORT": "x"}, ("EDGEMETER_WEB_PORT", "`web.port`", "integer")),
        ("", {"EDGEMETER_WEB_LIMITS": '{"a": "x"}'}, ("EDGEMETER_WEB_LIMITS", "`web.limits")),
    ],
)
def test_errors_name_the_place_and_the_key(
    tmp_path: Path, project: str, environment: dict[str, str], told: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(Settings, "web", {}, places(tmp_path, project, environment=environment))
    assert all(word in str(caught.value) for word in told), caught.value


def test_no_error_shows_a_value(tmp_path: Path) -> None:
    found = places(tmp_path, environment={"EDGEMETER_WEB_PORT": "hunter2"})
    with pytest.raises(ConfigError) as caught:
        resolve(Settings, "web", {}, found)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_another_users_project_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = places(tmp_path, project="[web]\nport = 3\n")
    if os.getuid() == 0:
        os.chown(tmp_path / "project" / "edgemeter.toml", 12345, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert resolve(Settings, "web", {}, found).value.port == 80
    assert found.strange_file == tmp_path / "project" / "edgemeter.toml"
