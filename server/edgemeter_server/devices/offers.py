"""What an agent offers, checked before it is believed and before any of it is stored."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgemeter.measurement import TargetDocument
from edgemeter.targets import Target
from edgemeter.wire.agents import TargetOffer
from edgemeter.wire.problems import ProblemType
from edgemeter_server.http.problems import Refusal

FACTS_LIMIT_BYTES = 64 << 10
SLUG_LIMIT = 160
COUNT_LIMIT = 4096

# No word may hold what separates the words, so that no two targets share a slug.
_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class CheckedOffer:
    slug: str
    document: str  #: JSON of the TargetDocument
    formats: str  #: comma-separated
    fingerprint: str  #: canonical JSON
    digest: bytes  #: SHA-256 of it


def checked(offers: Sequence[TargetOffer]) -> tuple[CheckedOffer, ...]:
    """Raises Refusal INVALID for a target that is not what its slug says, or that is offered twice."""
    found = tuple(_checked(offer) for offer in offers)
    if len({offer.slug for offer in found}) < len(found):
        raise Refusal(ProblemType.INVALID, "a target is offered twice")
    return found


def canonical(facts: Mapping[str, Any]) -> str:
    """JSON that is the same for the same facts. Raises Refusal where it has none, or too much."""
    try:
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise Refusal(ProblemType.INVALID, "facts must be plain JSON, without NaN or infinity") from None
    if len(text) > FACTS_LIMIT_BYTES:
        raise Refusal(ProblemType.INVALID, f"facts of more than {FACTS_LIMIT_BYTES >> 10} KiB are not kept")
    return text


def _checked(offer: TargetOffer) -> CheckedOffer:
    _check_target(offer.target)
    fingerprint = canonical(offer.fingerprint)
    return CheckedOffer(
        slug=offer.target.slug,
        document=offer.target.model_dump_json(),
        formats=",".join(sorted(set(offer.formats))),
        fingerprint=fingerprint,
        digest=hashlib.sha256(fingerprint.encode()).digest(),
    )


def _check_target(document: TargetDocument) -> None:
    target = Target(**document.model_dump(exclude={"slug"}))
    well_formed = (
        all(_WORD.fullmatch(word) for word in (target.device, target.processor, target.runtime))
        and _VERSION.fullmatch(target.runtime_version)
        and 1 <= target.threads <= COUNT_LIMIT
        and 1 <= target.batch <= COUNT_LIMIT
        and len(target.slug) <= SLUG_LIMIT
    )
    if not well_formed:
        raise Refusal(ProblemType.INVALID, "a target's words are lower-case letters, digits and dashes")
    if document.slug != target.slug:
        raise Refusal(ProblemType.INVALID, f"a target's slug is not that of its parts, {target.slug}")
