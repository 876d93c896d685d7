"""What the server must do, in plain Python and without SQL: jobs, attempts, leases, and who may end them.

Written from docs/leases.md, not from the code. Of the failures it knows those whose rules are told apart by
who pays: a lease that expired (the job, three times), one given back (nobody), a malformed file (at once).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

LEASE_S = 60
EXPIRIES = 3
GIVEN_BACK, EXPIRED, MALFORMED = "agent_shutdown", "lease_expired", "malformed"
_DELAY_S = {GIVEN_BACK: 1, EXPIRED: 5}


@dataclass(eq=False)
class Job:
    id: int
    artifact: str
    wanted: int
    not_before_s: float
    state: str = "pending"
    attempts: list["Attempt"] = field(default_factory=list)
    measurement: bool = False

    @property
    def open(self) -> bool:
        return self.state in ("pending", "running")

    @property
    def charged(self) -> bool:
        return any(attempt.failure == EXPIRED for attempt in self.attempts)


@dataclass(eq=False)
class Attempt:
    job: Job
    device: str
    session_id: int
    claim_id: str
    expires_s: float
    state: str = "live"
    failure: str | None = None
    id: int = 0
    secret: str = ""
    receipt: tuple[str, str | None, bool] | None = None  #: state, failure, retry


@dataclass(eq=False)
class Request:
    id: int
    job: Job | None  #: None: answered by what was stored
    cancelled: bool = False

    @property
    def state(self) -> str:
        if self.cancelled:
            return "cancelled"
        return "done" if self.job is None else {"pending": "waiting"}.get(self.job.state, self.job.state)


@dataclass
class Model:
    now_s: float = 0
    jobs: list[Job] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    live_session: dict[str, int] = field(default_factory=dict)

    # What users do

    def joined(self, artifact: str, fresh: bool) -> Job | str:
        """The open job that a request gets, or "stored", or "new"."""
        if not fresh and any(job.artifact == artifact and job.measurement for job in self.jobs):
            return "stored"
        return next((job for job in self.jobs if job.artifact == artifact and job.open), "new")

    def cancel(self, request: Request) -> None:
        job = request.job
        if job is None or not job.open or request.cancelled:
            return
        request.cancelled = True
        job.wanted -= 1
        if not job.wanted:
            job.state = "cancelled"

    # What agents do

    def open_session(self, device: str, session_id: int) -> None:
        self.end_session(device, EXPIRED)
        self.live_session[device] = session_id

    def end_session(self, device: str, failure: str) -> None:
        session_id = self.live_session.pop(device, None)
        self._end([attempt for attempt in self.attempts if attempt.session_id == session_id], failure)

    def claim(self, device: str, claim_id: str, up_to: int) -> list[Attempt]:
        session_id = self.live_session[device]
        mine = [
            attempt
            for attempt in self.attempts
            if (attempt.session_id, attempt.claim_id, attempt.state) == (session_id, claim_id, "live")
            and attempt.expires_s > self.now_s
        ]
        return sorted(mine or self._begin(device, claim_id, up_to), key=lambda attempt: attempt.job.id)

    def renew(self, device: str, attempt: Attempt) -> str:
        if attempt.session_id != self.live_session[device]:
            return "lost"
        if attempt.job.state == "cancelled" and attempt.state in ("live", "released"):
            attempt.state = "released"
            return "cancelled"
        if attempt.state != "live" or not attempt.job.open or attempt.expires_s <= self.now_s:
            return "lost"
        attempt.expires_s = self.now_s + LEASE_S
        return "renewed"

    def report(self, attempt: Attempt, failure: str | None) -> tuple[str, str | None, bool]:
        if attempt.receipt is None:
            attempt.receipt = self._judge(attempt, failure)
        return attempt.receipt

    # What time does

    def sweep(self) -> None:
        self._end([attempt for attempt in self.attempts if attempt.expires_s <= self.now_s], EXPIRED)

    def _begin(self, device: str, claim_id: str, up_to: int) -> list[Attempt]:
        due = [job for job in self.jobs if job.state == "pending" and job.not_before_s <= self.now_s]
        due.sort(key=lambda job: job.id)
        # What was charged before is taken alone.
        taken = due[:1] if due and due[0].charged else [job for job in due if not job.charged][:up_to]
        expires_s = self.now_s + LEASE_S
        return [self._attempt(job, device, claim_id, expires_s) for job in taken]

    def _attempt(self, job: Job, device: str, claim_id: str, expires_s: float) -> Attempt:
        attempt = Attempt(job, device, self.live_session[device], claim_id, expires_s)
        job.state = "running"
        job.attempts.append(attempt)
        self.attempts.append(attempt)
        return attempt

    def _judge(self, attempt: Attempt, failure: str | None) -> tuple[str, str | None, bool]:
        job = attempt.job
        if not job.open or attempt is not job.attempts[-1]:
            attempt.state = "superseded"
            return "superseded", None, False
        attempt.state, attempt.failure = "reported", failure
        if failure == GIVEN_BACK:
            self._retry(attempt)
        else:
            job.state, job.measurement = ("failed", False) if failure else ("done", True)
        return "accepted", failure, failure == GIVEN_BACK

    def _end(self, attempts: Iterable[Attempt], failure: str) -> None:
        for attempt in attempts:
            if attempt.state != "live":
                continue
            given_back = failure == GIVEN_BACK or not attempt.job.open
            attempt.state = "released" if given_back else "expired"
            if attempt.job.open:
                attempt.failure = failure
                self._retry(attempt)

    def _retry(self, attempt: Attempt) -> None:
        job, failure = attempt.job, str(attempt.failure)
        times = sum(other.failure == failure for other in job.attempts)
        if failure == EXPIRED and times >= EXPIRIES:
            job.state = "failed"
            return
        job.state = "pending"
        job.not_before_s = self.now_s + min(60, _DELAY_S[failure] * 2 ** (times - 1))
