"""Stands at the server's door, sees every answer that leaves it, and notes what contradicts another."""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

REMEMBERED = 1_000
#: Said where the server can do nothing now. Any other 5xx is a defect.
_EXCUSED = frozenset({503, 507})


@dataclass(frozen=True, slots=True)
class Leased:
    """A lease that was given, and to whom."""

    authorization: str
    attempt_id: int
    secret: str


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
        self._openings: dict[str, int] = {}  #: the session of each
        self._ended: set[int] = set()  #: attempts that were reported, or are not wanted
        self.calls = 0
        self.broken: list[str] = []
        self.old: deque[Old] = deque(maxlen=REMEMBERED)  #: of agents
        self.leased: deque[Leased] = deque(maxlen=REMEMBERED)
        self.renewed_s: dict[int, float] = {}  #: when each attempt was renewed last
        self.receipts: dict[int, tuple[str, int | None]] = {}  #: by attempt

    def heard(self, request: httpx.Request) -> None:
        if request.url.path.startswith("/v1/agent/"):
            self.old.append(Old(request, _now_s()))
        if request.url.path.endswith("/reports"):
            self._ended |= {report["attempt_id"] for report in json.loads(request.content)["reports"]}

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
            case "sessions":
                self._opened(request, response.json()["session_id"])
            case "claims":
                self._claimed(request, response.json()["leases"])
            case "renewals":
                states = response.json()["leases"]
                held = (each["attempt_id"] for each in states if each["state"] == "renewed")
                self.renewed_s |= dict.fromkeys(held, _now_s())
                self._ended |= {each["attempt_id"] for each in states if each["state"] != "renewed"}
            case "reports":
                for receipt in response.json()["receipts"]:
                    self._receipt(receipt)

    def digest(self) -> str:
        return self._digest.hexdigest()

    def _opened(self, request: httpx.Request, session_id: int) -> None:
        opening_id = json.loads(request.content)["opening_id"]
        before = self._openings.setdefault(opening_id, session_id)
        if before != session_id:
            self.broken.append(f"an opening that had opened session {before} opened session {session_id}")

    def _claimed(self, request: httpx.Request, leases: Sequence[Mapping[str, Any]]) -> None:
        if not leases:
            return
        claim, by = json.loads(request.content), request.headers["Authorization"]
        self.leased.extend(Leased(by, lease["attempt_id"], lease["secret"]) for lease in leases)
        got = frozenset(lease["attempt_id"] for lease in leases)
        name = (claim["session_id"], claim["claim_id"])
        when_s, before = self._claims.get(name, (0.0, frozenset()))
        still_held = before - self._ended if _now_s() < when_s + self._lease_s / 2 else frozenset()
        if still_held - got:
            self.broken.append(f"a repeated claim was not given {sorted(still_held)}, but {sorted(got)}")
        self._claims[name] = (_now_s(), got)

    def _receipt(self, receipt: Mapping[str, Any]) -> None:
        attempt_id, said = receipt["attempt_id"], (receipt["state"], receipt["measurement_id"])
        before = self.receipts.setdefault(attempt_id, said)
        if before != said:
            self.broken.append(f"attempt {attempt_id}: its report was {before}, then {said}")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
