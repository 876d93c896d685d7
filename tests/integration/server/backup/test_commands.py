"""`edgemeter backup`, `edgemeter restore` and `edgemeter db`, as they are typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgemeter.cli.exits import Exit
from edgemeter.failures import EdgeMeterError
from edgemeter_server.commands.backup import backup, restore
from edgemeter_server.commands.db import db
from edgemeter_server.operations.postgres_snapshots import refusal


def run(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    assert run(db, "upgrade", "--data-folder", tmp_path / "data").exit_code == Exit.OK
    return tmp_path / "data"


def test_upgrade_and_check_tell_the_schema(tmp_path: Path) -> None:
    folder = ("--data-folder", tmp_path / "data", "--json")
    before = run(db, "check", *folder)
    assert before.exit_code == Exit.FAILED
    assert json.loads(before.stdout)["state"] == "empty"
    done = json.loads(run(db, "upgrade", *folder).stdout)
    assert done["before"] is None
    after = run(db, "check", *folder)
    assert after.exit_code == Exit.OK
    assert json.loads(after.stdout) == {"state": "current", "newest": done["after"]}


def test_check_and_upgrade_in_words(data: Path) -> None:
    assert "schema is current" in run(db, "check", "--data-folder", data).stdout
    assert "->" in run(db, "upgrade", "--data-folder", data).stdout


def test_backup_and_restore(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    made = run(backup, file, "--data-folder", data, "--json")
    assert made.exit_code == Exit.OK
    restored = run(restore, file, "--data-folder", tmp_path / "restored", "--json")
    assert json.loads(restored.stdout) == json.loads(made.stdout)
    assert run(db, "check", "--data-folder", tmp_path / "restored").exit_code == Exit.OK


def test_a_backup_never_overwrites_a_file(data: Path, tmp_path: Path) -> None:
    (tmp_path / "backup.tar").write_text("precious")
    assert run(backup, tmp_path / "backup.tar", "--data-folder", data).exit_code == Exit.USAGE
    assert (tmp_path / "backup.tar").read_text() == "precious"


def test_mistakes_are_told_in_one_line(tmp_path: Path) -> None:
    done = run(backup, tmp_path / "backup.tar", "--data-folder", tmp_path / "nowhere")
    assert isinstance(done.exception, EdgeMeterError)
    assert "no database" in str(done.exception)
    away = run(db, "check", "--database-url", "postgresql://nobody:secret@127.0.0.1:1/none")
    assert isinstance(away.exception, EdgeMeterError)
    assert "secret" not in str(away.exception)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://ann:secret@127.0.0.1:1/lab", "cannot be reached, or refuses the connection: "),
        ("mysql://ann:secret@db/lab", "begins with postgresql://"),
    ],
)
def test_what_is_wrong_with_a_database_is_told_and_its_password_is_not(url: str, says: str) -> None:
    done = run(db, "check", "--database-url", url)
    assert says in str(done.exception)
    assert "secret" not in str(done.exception)
    assert "secret" not in done.output


def test_another_versions_pg_dump_is_told_with_what_to_do() -> None:
    told = "pg_dump: error: server version mismatch\npg_dump: detail: server version: 16.14\n"
    assert refusal("pg_dump", told).endswith(
        "16.14; install PostgreSQL's client programs of that version, and let PATH find them first"
    )
