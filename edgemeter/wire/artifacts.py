"""Files by content: what is known of one."""

from typing import Literal

from edgemeter.wire.base import Instant, Label, Reply, Sha256, Slug


class ArtifactReference(Reply):
    """What an agent needs to fetch a file and to give it its name."""

    sha256: Sha256
    size_bytes: int
    format: Literal["onnx", "tflite"]
    name: Label


class GraphFeatures(Reply):
    """Of the network as in the file. None where a dimension is unbound, or an operator unknown."""

    inputs: dict[str, tuple[int | str, ...]]
    operators: int
    operator_types: dict[str, int]
    macs: int | None
    parameters: int | None
    peak_memory_bytes: int | None
    structural_hash: str | None
    precision: Literal["fp32", "int8"]


class ArtifactDocument(ArtifactReference):
    """`features` is None while they are computed; `refused` says why the file is no network."""

    project: Slug
    created_at: Instant
    features: GraphFeatures | None = None
    refused: str | None = None
