"""The committed OpenAPI document is that of the code, and says of every operation what it may answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from edgemeter.wire.problems import MEDIA_TYPE
from edgemeter_server.access.gate import PUBLIC_PATHS
from edgemeter_server.http.openapi import operations

FILE = Path(__file__).resolve().parents[4] / "docs" / "openapi.json"


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def test_the_committed_document_is_that_of_the_code(document):
    committed = json.loads(FILE.read_text())

    assert committed == document, "run scripts/write_openapi.py"
    assert list(committed["paths"]) == sorted(committed["paths"])


def test_operations_have_short_ids_of_their_own(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z_]{3,30}", name) for name in ids)


def test_every_operation_says_what_token_it_wants_and_what_may_go_wrong(document):
    for path, method, operation in operations(document):
        public = path in PUBLIC_PATHS
        assert operation["security"] == ([] if public else [{"token": []}]), (path, method)
        wanted = {"default", "500", "503"} | (set() if public else {"401", "403", "429"})
        assert wanted <= set(operation["responses"]), (path, method)
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_every_error_is_a_problem_document(document):
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status == "default" or int(status) >= 400:
                resolved = _resolved(document, response)
                schema = resolved["content"][MEDIA_TYPE]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method, status)


def test_all_references_lead_somewhere(document):
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert _resolved(document, {"$ref": reference})


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    resolved: dict[str, Any] = found
    return resolved
