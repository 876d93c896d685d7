"""Several answers at once, as a notebook shows them and as a data frame takes them."""

from html import escape
from typing import Any

from edgemeter.wire.requests import RequestDocument

_COLUMNS = ("network", "target", "latency_ms", "low_ms", "high_ms", "valid", "how", "doubts")


class Answers(tuple[RequestDocument, ...]):
    """Requests in the order in which they were asked for."""

    __slots__ = ()

    def rows(self) -> list[dict[str, Any]]:
        """One flat row for each, for example for `pandas.DataFrame(answers.rows())`."""
        return [_row(document) for document in self]

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        body = "".join(_html_row(row) for row in self.rows())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(document: RequestDocument) -> dict[str, Any]:
    estimate = document.estimate
    return {
        "request": document.id,
        "network": document.name,
        "artifact": document.artifact,
        "target": document.target,
        "state": document.state.value,
        "latency_ms": estimate and estimate.latency_ms,
        "low_ms": estimate and estimate.interval.low_ms,
        "high_ms": estimate and estimate.interval.high_ms,
        "valid": estimate and estimate.validity.valid,
        "how": estimate and estimate.how,
        "protocol": estimate and estimate.protocol,
        "device": estimate and estimate.device,
        "measurement": estimate and estimate.measurement_id,
        "doubts": doubts(document),
    }


def doubts(document: RequestDocument) -> str:
    """Why there is no value, or why not to trust it, and how to measure it again."""
    if document.failure is not None:
        return f"{document.failure.kind}: {document.failure.message}"
    if document.estimate is None:
        return ""
    validity = document.estimate.validity
    return " ".join(remark.text for remark in (*validity.reasons, *validity.flags))


def _html_row(row: dict[str, Any]) -> str:
    """Names come from files of other people: escaped."""
    cells = (row[name] for name in _COLUMNS)
    return "<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in cells) + "</tr>"


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
