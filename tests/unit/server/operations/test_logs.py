"""What a line of the log looks like, whoever writes it."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys, structlog
from edgemeter_server.operations import logs
logs.configure(sys.argv[1])
structlog.contextvars.bind_contextvars(request_id="r-1")
structlog.get_logger().info("ours", path="/x y", note="two\\nlines")
logging.getLogger("library").warning("theirs: %s\\nforged", 7)
secret = "em_secret"
try:
    raise ValueError("bad\\nforged")
except ValueError:
    structlog.get_logger().exception("failed")
    logging.getLogger("library").exception("failed too")
"""


def lines_of(log_format: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, log_format], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert "em_secret" not in done.stderr.replace("secret = ", "")
    return done.stderr.splitlines()


def test_json_is_one_object_a_line() -> None:
    ours, theirs, failed, failed_too = map(json.loads, lines_of("json"))
    assert (ours["event"], ours["level"], ours["note"]) == ("ours", "info", "two\nlines")
    assert (theirs["event"], theirs["logger"]) == ("theirs: 7\nforged", "library")
    assert {line["request_id"] for line in (ours, theirs, failed, failed_too)} == {"r-1"}
    assert "ValueError: bad\nforged" in failed["exception"]
    assert "ValueError: bad\nforged" in failed_too["exception"]


def test_no_value_begins_a_line_of_text() -> None:
    lines = lines_of("text")
    assert lines[0].endswith(r' info ours path="/x y" note="two\nlines" request_id=r-1')
    assert r" warning theirs: 7\nforged request_id=r-1 logger=library" in lines[1]
    assert all(line.startswith(("20", "    ")) for line in lines)
    assert sum("ValueError: bad" in line for line in lines) == 2


@pytest.mark.parametrize("text", ["\x1b[31m", "\x00", "\u202e"])
def test_control_characters_are_escaped(text: str) -> None:
    from edgemeter_server.operations.logs import as_text

    line = as_text(None, "info", {"event": f"a{text}b", "level": "info", "timestamp": "t", "key": text})
    assert text not in line
