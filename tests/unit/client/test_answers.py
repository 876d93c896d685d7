"""Answers as a notebook and a data frame get them."""

from edgemeter.client.answers import Answers
from edgemeter.wire.requests import RequestDocument

HOSTILE = "<script>alert(1)</script>"


def answers() -> Answers:
    common = {
        "project": "default",
        "label": None,
        "artifact": "0" * 64,
        "name": HOSTILE,
        "target": "t",
        "spec": {},
        "created_at": "2026-01-01T00:00:00Z",
    }
    estimate = {
        "latency_ms": 1.23456,
        "interval": {"low_ms": 1.2, "high_ms": 1.3},
        "validity": {"valid": False, "reasons": [{"name": "drift", "text": "It drifted."}]},
        "protocol": "survey",
        "how": "stored",
        "measurement_id": 7,
        "target": "t",
        "revision": 1,
        "device": "d",
        "measured_at": "2026-01-01T00:00:00Z",
    }
    failure = {"kind": "timeout", "message": f"took too long {HOSTILE}"}
    return Answers(
        RequestDocument.model_validate(common | fields)
        for fields in (
            {"id": 1, "state": "done", "estimate": estimate},
            {"id": 2, "state": "failed", "failure": failure},
            {"id": 3, "state": "waiting"},
        )
    )


def test_rows_are_flat() -> None:
    done, failed, waiting = answers().rows()
    assert (done["latency_ms"], done["valid"], done["doubts"]) == (1.23456, False, "It drifted.")
    assert failed["latency_ms"] is None
    assert failed["doubts"].startswith("timeout: took too long")
    assert waiting["state"] == "waiting"
    assert done.keys() == failed.keys() == waiting.keys()


def test_a_notebook_shows_names_as_text() -> None:
    html = answers()._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "1.235" in html
