"""Stands at the server's door, sees every answer that leaves it, and notes what contradicts another."""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

REMEMBERED = 1_000
#: Said where the server can do nothing now. Any other 5xx is a defect.
_EXCUSED = frozenset({503, 507})


@dataclass(frozen=True, slots=True)
class Old:
    """A call that was made, and when."""

    request: httpx.Request
    sent_s: float


class Witness:
    """`digest` sums up all that was answered: the same story has the same digest."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._digest = hashlib.sha256()
        self._claims: dict[tuple[int, str], tuple[float, frozenset[int]]] = {}
        self.calls = 0
        self.broken: list[str] = []
        self.old: deque[Old] = deque(maxlen=REMEMBERED)  #: of agents
        self.renewed_s: dict[int, float] = {}  #: when each attempt was renewed last
        self.receipts: dict[int, tuple[str, int | None]] = {}  #: by attempt

    def heard(self, request: httpx.Request) -> None:
        if request.url.path.startswith("/v1/agent/"):
            self.old.append(Old(request, _now_s()))

    def saw(self, request: httpx.Request, response: httpx.Response) -> None:
        path, status = request.url.path, response.status_code
        self.calls += 1
        said = response.content if response.is_success else b""
        self._digest.update(f"{_now_s()} {path} {status} ".encode() + said)
        if status >= 500 and status not in _EXCUSED:
            self.broken.append(f"{path} answered {status}: {response.text[:200]}")
        if not response.is_success:
            return
        match path.rpartition("/")[2]:
            case "claims":
                self._claimed(json.loads(request.content), response.json())
            case "renewals":
                states = response.json()["leases"]
                held = (each["attempt_id"] for each in states if each["state"] == "renewed")
                self.renewed_s |= dict.fromkeys(held, _now_s())
            case "reports":
                for receipt in response.json()["receipts"]:
                    self._receipt(receipt)

    def digest(self) -> str:
        return self._digest.hexdigest()

    def _claimed(self, claim: Mapping[str, Any], claimed: Mapping[str, Any]) -> None:
        got = frozenset(lease["attempt_id"] for lease in claimed["leases"])
        name = (claim["session_id"], claim["claim_id"])
        when_s, before = self._claims.get(name, (-self._lease_s, frozenset()))
        if got and before and not got & before and _now_s() < when_s + self._lease_s / 2:
            self.broken.append(f"a repeated claim was given other leases: {sorted(before)}, {sorted(got)}")
        if got:
            self._claims[name] = (_now_s(), got)

    def _receipt(self, receipt: Mapping[str, Any]) -> None:
        attempt_id, said = receipt["attempt_id"], (receipt["state"], receipt["measurement_id"])
        before = self.receipts.setdefault(attempt_id, said)
        if before != said:
            self.broken.append(f"attempt {attempt_id}: its report was {before}, then {said}")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
