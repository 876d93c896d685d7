#!/bin/sh
# Resolves every lock file: universal, hashed, without addresses of an index.
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 "$@"; }
compile --group uv --output-file requirements/uv.lock
compile pyproject.toml --all-extras --group dev --output-file requirements/dev.lock
compile pyproject.toml --extra agent-onnxruntime --output-file requirements/agent-onnxruntime.lock
compile pyproject.toml --extra server --extra s3 --output-file requirements/server.lock
compile pyproject.toml --extra agent-onnxruntime --extra agent-openvino --extra agent-litert --output-file requirements/agent.lock
compile pyproject.toml --all-extras --group networks --output-file requirements/networks.lock
compile --group docs --output-file requirements/docs.lock
