"""A file's content as a reply: an attachment that never changes, in whole or one range of it."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response, StreamingResponse

from edgemeter.wire.artifacts import ArtifactReference
from edgemeter.wire.problems import ProblemType
from edgemeter_server.artifacts.attachment import content_disposition
from edgemeter_server.artifacts.ranges import Span, UnsatisfiableRangeError, names_etag, span_of, whole
from edgemeter_server.artifacts.storage import NotStoredError, Storage
from edgemeter_server.http.problems import Refusal

_MEDIA_TYPE: Final = "application/octet-stream"
#: What a SHA-256 names never changes; but it is for those only who may see it.
_CACHE: Final = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of the file that it asks for, header by header."""

    method: str
    range: str | None
    if_range: str | None
    if_none_match: str | None


async def content(storage: Storage, artifact: ArtifactReference, asked: Asked) -> Response:
    """Raises Refusal RANGE; NotStoredError where the bytes are lost, which is a defect."""
    etag = f'"{artifact.sha256}"'
    headers = {"ETag": etag, "Cache-Control": _CACHE, "Accept-Ranges": "bytes"}
    if names_etag(asked.if_none_match, etag):
        return Response(status_code=304, headers=headers)
    span = _span(asked, etag, artifact.size_bytes)
    if not await storage.exists(artifact.sha256):
        raise NotStoredError(artifact.sha256)
    headers["Content-Disposition"] = content_disposition(artifact.name, artifact.format)
    headers["Content-Length"] = str(span.stop - span.start)
    if span.partial:
        headers["Content-Range"] = span.content_range
    status = 206 if span.partial else 200
    if asked.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=_MEDIA_TYPE)
    chunks = storage.read(artifact.sha256, span.start, span.stop)
    return StreamingResponse(chunks, status, headers, _MEDIA_TYPE)


def _span(asked: Asked, etag: str, size_bytes: int) -> Span:
    if asked.method == "HEAD" or asked.if_range not in (None, etag):
        return whole(size_bytes)
    try:
        return span_of(asked.range, size_bytes)
    except UnsatisfiableRangeError as error:
        unsatisfied = {"Content-Range": f"bytes */{size_bytes}"}
        raise Refusal(ProblemType.RANGE, str(error), headers=unsatisfied) from None
